"""A notebook as a file: read whole, or refused in a sentence."""

import warnings
from pathlib import Path

import nbformat
from nbformat import NotebookNode

REMEDY = "open it in JupyterLab and save it again, or take a whole copy of it"


def read(path: Path) -> NotebookNode:
    """Read a notebook of any format as one of format 4.

    Raises ValueError, with the path and the remedy, for a file that is none.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cells without an id: they get one here
        try:
            notebook = nbformat.read(path, 4)
            nbformat.validate(notebook)
        except OSError:
            raise
        except Exception as error:  # nbformat has no one error for what is none
            reason = " ".join(str(error).split("\n", 1)[0].split())
            raise ValueError(
                f"{path} is no notebook that can be read: {reason}; {REMEDY}"
            ) from error
    return notebook
