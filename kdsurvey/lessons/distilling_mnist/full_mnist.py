"""Full MNIST, 60,000 training images and the 10,000 official test images: the scale at
which the paper reports.
"""

from dataclasses import replace

from kdsurvey.data import Data
from kdsurvey.lessons.distilling_mnist import (
    experiments as distilling_mnist,
)
from kdsurvey.lessons.missing_three import experiments as missing_three
from kdsurvey.stage import Teacher
from kdsurvey.training import Config

TEACHER = Config(epochs=80, batch_size=256, lr=0.2, precision="bf16")
STUDENT = replace(TEACHER, epochs=40, lr=0.1)


def full_mnist(data: Data, seed: int) -> list[dict]:
    """Big, small and distilled nets, no 3s, and only 7s and 8s, all from one teacher."""
    net = distilling_mnist.teach(data, seed, TEACHER)
    teacher = Teacher(net)
    arms = ("hard only", "hard only, lr 0.3", "soft only", "hard only, jittered")
    rows = [
        distilling_mnist.row("teacher", seed, net, data),
        *distilling_mnist.students(data, seed, net, arms, STUDENT),
    ]
    for removed in ((3,), (0, 1, 2, 3, 4, 5, 6, 9)):
        rows.append(
            missing_three.without(
                data, seed, teacher, removed, distilling_mnist.T_PAPER, STUDENT
            )
        )
    return rows
