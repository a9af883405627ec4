# %%
import numpy as np

size = 32
# %%
# %%k8s_step draw
yy, xx = np.mgrid[:size, :size]
image = ((xx - 16) ** 2 + (yy - 16) ** 2 < 100).astype(np.uint8) * 255
image[4:8, 4:8] = 128
# %%
# %%k8s_step filters
kernel = np.ones((3, 3)) / 9
padded = np.pad(image.astype(float), 1)
blurred = np.zeros((size, size))
for dy in range(3):
    for dx in range(3):
        blurred += kernel[dy, dx] * padded[dy : dy + size, dx : dx + size]
edges = np.hypot(*np.gradient(blurred))
# %%
print(image.shape, round(float(blurred.mean()), 3), int((edges > 20).sum()))
