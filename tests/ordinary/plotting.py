# %%
import numpy as np
import matplotlib.pyplot as plt

plt.rcParams["figure.figsize"] = (4, 3)
plt.rcParams.update({"axes.grid": True})
x = np.linspace(0, 2 * np.pi, 50)
# %%
# %%k8s_step waves
waves = {n: np.sin(n * x) / n for n in (1, 2, 3)}
fig, ax = plt.subplots()
for n, y in waves.items():
    ax.plot(x, y, label=f"n={n}")
ax.legend()
ax.set_title("waves")
plt.close(fig)
labels = [text.get_text() for text in ax.get_legend().get_texts()]
del fig, ax
# %%
total = sum(waves.values())
peak = float(total.max())
print(labels, round(peak, 4))
