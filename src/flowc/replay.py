"""`python -m flowc.replay FOLDER`: passes run again on a dump (`flowc.compiler.replay`)."""

import sys

from flowc.compiler.replay import main

if __name__ == "__main__":
    sys.exit(main())
