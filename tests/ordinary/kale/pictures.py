# %% tags: imports
import numpy as np
import numpy.random as draws
import functools
# %% tags: functions
classes = ('plane', 'car', 'bird')
# %% tags: pipeline-parameters
ROUNDS = 2
# %% tags: block:dataprocessing
data_folder = "./data"

class Pictures:
    def __init__(self, root, train=True, transform=None):
        self.root, self.transform = root, transform
        self.items = [(np.full((2, 2), i % 3) + (0 if train else 0.1), i % 3) for i in range(12)]
    def __getitem__(self, i):
        image, label = self.items[i]
        return (self.transform(image) if self.transform else image), label
    def __len__(self):
        return len(self.items)

class Loader:
    def __init__(self, data, batch_size=1, shuffle=False):
        self.data, self.batch_size, self.shuffle = data, batch_size, shuffle
    def __iter__(self):
        order = range(len(self.data))
        for i in range(0, len(self.data), self.batch_size):
            images, labels = zip(*[self.data[j] for j in order[i:i + self.batch_size]])
            yield np.stack(images), np.array(labels)

def compose(steps):
    return lambda x: functools.reduce(lambda value, step: step(value), steps, x)

transform = compose([lambda x: x.astype(float), lambda x: (x - 1) / 1])

trainset = Pictures(root=data_folder, train=True, transform=transform)
trainloader = Loader(trainset, batch_size=4, shuffle=True)
testset = Pictures(root=data_folder, train=False, transform=transform)
testloader = Loader(testset, batch_size=4, shuffle=False)
# %% tags: functions
import matplotlib.pyplot as plt

# shows an image


def show_image(img):
    img = img + 0.5
    plt.imshow(img)
    plt.show()
# %% tags: skip
dataiter = iter(trainloader)
images, labels = next(dataiter)
show_image(images[0])
# %% tags: functions
import collections as nn
import operator as F


class Net(nn.UserDict):
    def __init__(self):
        nn.UserDict.__init__(self)
        self.weights = np.zeros((4, 3))
        self.calls = 0

    def __call__(self, x):
        self.calls = F.add(self.calls, 1)
        return x.reshape(len(x), -1) @ self.weights

    def parameters(self):
        yield self.weights


class Descent:
    def __init__(self, parameters, lr=0.1):
        self.parameters, self.lr, self.gradient = list(parameters), lr, None

    def zero_grad(self):
        self.gradient = None

    def step(self):
        for one in self.parameters:
            one -= self.lr * self.gradient
# %% tags: block:train prev:dataprocessing
import math as optim

net = Net()
criterion = lambda out, want: float(((out - want) ** 2).mean())
optimizer = Descent(net.parameters(), lr=0.1 * optim.cos(0))
# %%
for epoch in range(int(ROUNDS)):

    running_loss = 0.0
    for i, data in enumerate(trainloader, 0):
        inputs, labels = data

        optimizer.zero_grad()

        outputs = net(inputs)
        wanted = np.eye(3)[labels]
        loss = criterion(outputs, wanted)
        optimizer.gradient = inputs.reshape(len(inputs), -1).T @ (outputs - wanted)
        optimizer.step()

        running_loss += loss
        if i % 2 == 1:
            print('[%d, %5d] loss: %.3f' % (epoch + 1, i + 1, running_loss / 2))
            running_loss = 0.0

print('done')
# %% tags: block:testontest prev:train
dataiter = iter(testloader)
images, labels = next(dataiter)
print('truth: ', ' '.join('%5s' % classes[labels[j]] for j in range(4)))
# %%
outputs = net(images)
# %%
predicted = outputs.argmax(1)
print('predicted: ', ' '.join('%5s' % classes[predicted[j]] for j in range(4)))
dataiter.close()
del dataiter
# %% tags: block:testwhole prev:testontest
correct = 0
total = 0
with np.errstate(all='raise'):
    for data in testloader:
        images, labels = data
        outputs = net(images)
        predicted = outputs.argmax(1)
        total += labels.size
        correct += (predicted == labels).sum().item()

print('right: %d %%' % (
    100 * correct / total))
# %%
class_correct = list(0. for i in range(3))
class_total = list(0. for i in range(3))
with np.errstate(all='raise'):
    for data in testloader:
        images, labels = data
        outputs = net(images)
        predicted = outputs.argmax(1)
        c = (predicted == labels).squeeze()
        for i in range(4):
            label = labels[i]
            class_correct[label] += c[i].item()
            class_total[label] += 1


for i in range(3):
    print('%5s : %2d %%' % (classes[i], 100 * class_correct[i] / class_total[i]))
