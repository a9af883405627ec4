# %%
class Account:
    rate = 0.02

    def __init__(self, owner, balance=0):
        self.owner, self.balance = owner, balance
        self.history = []

    def deposit(self, amount):
        self.balance += amount
        self.history.append(("deposit", amount))
        return self

    def __repr__(self):
        return f"Account({self.owner!r}, {self.balance})"


class Savings(Account):
    def add_interest(self):
        return super().deposit(self.balance * self.rate)
# %%
# %%k8s_step open_accounts
accounts = [Account("Ann", 10), Savings("Bo", 100)]
names = [a.owner for a in accounts]
# %%
# %%k8s_step use
for account in accounts:
    account.deposit(50)
accounts[1].add_interest()
balances = {a.owner: a.balance for a in accounts}
histories = [list(a.history) for a in accounts]
# %%
print(names, balances)
