"""The notebooks that the browser tests make."""

from pathlib import Path

import nbformat

PANELS = [
    """import kdsurvey as kd
from kdsurvey import panels

data = kd.data.mnist_5k().hold_out(500)
teacher, student = kd.nets.mlp(784, 100, 10, seed=0), kd.nets.mlp(784, 20, 10, seed=1)
for net in (teacher, student):
    kd.train(kd.methods.plain(net), data, kd.Config(epochs=1), progress=False)
x, y = data.test[0][:40], data.test[1][:40]""",
    "panels.temperature(x, y, teacher(x), student(x), data.classes, T=1)",
    "live = panels.live_training(data, teacher)\nlive",
    """panels.predict(
    "What does a high $T$ do?",
    ["It flattens p", "It sharpens p"],
    "It flattens $p$, to $1/c$ in the limit.",
)""",
    """panels.quiz(
    "Why $T^2$?",
    [("It keeps the gradient's scale", "Yes.", True), ("It looks better", "No.", False)],
)""",
    """def run(removed, T, on_batch):
    on_batch(None)
    return {
        "errors": 20,
        "per_class": [0.9] * 10,
        "errors_corrected": 10,
        "per_class_corrected": [0.95] * 10,
        "n": 100,
    }""",
    "panels.forgotten(run)",
    "panels.growing(data)",
]


def write_notebook(path: Path, cells: list[str]) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells]
    )
    notebook.metadata.kernelspec = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    nbformat.write(notebook, path)
