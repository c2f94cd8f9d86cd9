"""Planted faults that `test_exercises.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "the reader gets the checker's own tensors",
        "lessons/trial.py",
        "return value.clone()",
        "return value",
    ),
    Fault(
        "nothing is drawn",
        "lessons/exercise.py",
        "if self.draws is None or self.solve is None:",
        "if True:",
    ),
    Fault(
        "the same values at every check",
        "lessons/exercise.py",
        "secrets.randbits(32)",
        "0",
    ),
    Fault(
        "one outcome of many is compared",
        "lessons/exercise.py",
        "return len(parts) == len(b) and all(map(_same, parts, b))",
        "return len(parts) == len(b) and any(map(_same, parts, b))",
    ),
    Fault(
        "whole numbers to four figures",
        "lessons/exercise.py",
        "1e-9 if isinstance(b, int) else 1e-4",
        "1e-4",
    ),
    Fault(
        "a line also for what is told above",
        "lessons/exercise.py",
        "if not (drawn[0] or _is_told(drawn[1], held)):",
        "if not drawn[0]:",
    ),
    Fault(
        "what is drawn fails in silence",
        "lessons/exercise.py",
        "if not (drawn[0] or _is_told(drawn[1], held)):",
        "if False:",
    ),
    Fault(
        "gradients stay switched off",
        "lessons/exercise.py",
        "with torch.enable_grad(), bounded(self.seconds) as clock:",
        "with bounded(self.seconds) as clock:",
    ),
    Fault(
        "None goes on to the properties",
        "lessons/trial.py",
        "if result is None:",
        "if False:",
    ),
    Fault(
        "an answer may leave the kernel",
        "lessons/trial.py",
        "except BaseException as error:",
        "except Exception as error:",
    ),
    Fault(
        "the stop button is an error like others",
        "lessons/trial.py",
        "except (KeyboardInterrupt, TooLong):",
        "except TooLong:",
    ),
    Fault(
        "all of an error's text",
        "lessons/trial.py",
        "str(error)[:ERROR_LENGTH]",
        "str(error)",
    ),
    Fault(
        "an earlier alarm is forgotten",
        "lessons/trial.py",
        "signal.setitimer(signal.ITIMER_REAL, left, again)",
        "pass",
    ),
    Fault(
        "the earlier alarm's handler is lost",
        "lessons/trial.py",
        "signal.SIG_DFL if handler is None else handler",
        "signal.SIG_IGN",
    ),
    Fault(
        "an alarm in a thread that can have none",
        "lessons/trial.py",
        'return in_main and hasattr(signal, "setitimer")',
        "return True",
    ),
    Fault(
        "arrays stay arrays",
        "lessons/trial.py",
        "if isinstance(result, (np.ndarray, np.generic)):",
        "if False:",
    ),
]
