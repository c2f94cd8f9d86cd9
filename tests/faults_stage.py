"""Planted faults that `test_stage.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "images are handed to layers that work in place",
        "stage.py",
        "return predict(x if known and not in_place else x.clone())",
        "return predict(x)",
    ),
    Fault(
        "a net of one's own is trusted with the images",
        "stage.py",
        "x if known and not in_place",
        "x if not in_place",
    ),
    Fault(
        "computed tensors cannot be copied",
        "stage.py",
        "{id(v): v.detach().clone() for v in computed}",
        "{}",
    ),
    Fault(
        "whatever a net returns are logits",
        "stage.py",
        "if isinstance(z, Tensor) and z.is_floating_point():",
        "if True:",
    ),
    Fault(
        "flows of maps that have changed",
        "methods/fsp/flow.py",
        "kept(layers, maps[-1])",
        "layers(maps[-1])",
    ),
    Fault(
        "nobody looks at what a learner returns",
        "training.py",
        "looked_at(stage.learn, len(data.classes))",
        "looked_at((), len(data.classes))",
    ),
    Fault(
        "gradients stay off",
        "training.py",
        "with torch.inference_mode(False), torch.enable_grad(), threads",
        "with threads",
    ),
]
