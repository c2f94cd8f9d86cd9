"""Pictures as they are stored in notebooks: small, as every reader downloads them."""

from io import BytesIO

from PIL import Image

COLOURS = 128


def smaller(png: bytes) -> bytes:
    """Return the picture with at most 128 colours, packed tightly: a third of the size.

    Charts have few colours and keep them; a photograph loses some. (A median cut, which
    splits by how often a colour occurs, gives a thin line the colour of its neighbour.)
    """
    with Image.open(BytesIO(png)) as image:
        few = image.convert("RGB").quantize(
            COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
    out = BytesIO()
    few.save(out, "PNG", optimize=True)
    return out.getvalue()
