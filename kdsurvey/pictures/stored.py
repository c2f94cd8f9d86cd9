"""Pictures as they are stored in notebooks: small, as every reader downloads them."""

from io import BytesIO

from PIL import Image

COLOURS = 64


def smaller(png: bytes) -> bytes:
    """Return the picture with at most 64 colours, packed tightly: a third of the size.

    Charts have few colours and look the same; a photograph loses some.
    """
    with Image.open(BytesIO(png)) as image:
        few = image.convert("RGB").quantize(
            COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        )
    out = BytesIO()
    few.save(out, "PNG", optimize=True)
    return out.getvalue()
