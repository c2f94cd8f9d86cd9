"""Planted faults that `test_stage.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "images are handed to layers that work in place",
        "stage.py",
        "predict(x if keeps_inputs(predict) else x.clone())",
        "predict(x)",
    ),
    Fault(
        "a net of one's own is trusted with the images",
        "stage.py",
        "return known and not any(",
        "return not any(",
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
        "layers(maps[-1] if keeps else maps[-1].clone())",
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
    Fault(
        "any net that fails is blamed on the last one asked",
        "learners.py",
        "        asked.clear()\n",
        "",
    ),
]
