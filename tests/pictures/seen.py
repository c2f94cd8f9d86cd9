"""What is to be seen in a PNG."""

from io import BytesIO

import numpy as np
from PIL import Image


def pixels(png: bytes) -> np.ndarray:
    """(h, w, 3) in [0, 255]."""
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"), int)
