"""The notebooks that the browser tests make."""

import ast
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


# Enough for widgets to show; nbval trains as the lessons say
SHORTER = """from kdsurvey import Config

as_said = Config.__post_init__


def shorter(config):
    as_said(config)
    object.__setattr__(config, "epochs", min(config.epochs, 2))


Config.__post_init__ = shorter"""
ALL = "kd.data.mnist_5k()"
FEW = {"05_fsp": f"{ALL}.fraction(0.3)"}  # where residual nets learn from all digits


def what_widgets_need(path: Path) -> list[str]:
    """Return the cells of a notebook that show widgets, and the cells whose names they use,
    in order.

    A lesson's other cells take most of its minute, and print and draw; nbval runs them.
    """
    notebook = nbformat.read(path, 4)
    kept, wanted = [], set()
    for cell in reversed(notebook.cells):
        if cell.cell_type != "code":
            continue
        made, used = _names(cell.source)
        if made & wanted or _shows_a_widget(cell):
            kept.insert(0, cell.source.replace(ALL, FEW.get(path.stem, ALL)))
            wanted = wanted - made | used
    return kept


def _names(source: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell binds, and those that it takes from cells before it."""
    made, used = set(), set()
    for statement in ast.parse(source).body:
        nodes = list(ast.walk(statement))
        targets = [node.target for node in nodes if isinstance(node, ast.comprehension)]
        within = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        within |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        names = [node for node in nodes if isinstance(node, ast.Name)]
        used |= {n.id for n in names if isinstance(n.ctx, ast.Load)} - within - made
        made |= {n.id for n in names if isinstance(n.ctx, ast.Store)} - within
        made |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        aliases = [node for node in nodes if isinstance(node, ast.alias)]
        made |= {(a.asname or a.name).split(".")[0] for a in aliases}
    return made, used


def _shows_a_widget(cell) -> bool:
    kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
    return "application/vnd.jupyter.widget-view+json" in kinds


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
