#!/usr/bin/env python3
"""Makes a fresh checkout ready, or says in one line why this Python cannot.

Every Python from 2.7 on must be able to read this file, so it has no annotations and no f-strings.
"""

import sys

OLDEST, NEWEST = (3, 11), (3, 13)


def complaint(found):
    """Say what is wrong with the Python of this version, and the cure. Empty: it fits."""
    if OLDEST <= found <= NEWEST:
        return ""
    version, oldest, newest = (".".join(str(part) for part in each) for each in (found, OLDEST, NEWEST))
    age = "old" if found < OLDEST else "new"
    return "Python " + version + " is too " + age + "; install Python " + oldest + " to " + newest + " and run make run PYTHON=python3.12"


def main(purpose):
    """`purpose`: run (what the product needs) or develop (that, and what tests and checks need)."""
    problem = complaint(tuple(sys.version_info[:2]))
    if problem:
        sys.stderr.write("baton: " + problem + "\n")
        return 1
    import fresh_checkout  # written for the Python that fits

    return fresh_checkout.main(purpose)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "run"))
