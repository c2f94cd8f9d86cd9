"""The command line as `python -m kdsurvey`."""

import sys

from kdsurvey.cli import main

sys.exit(main())
