"""Takes each part out of a copy of this tree, and tests what is left.

Run with the names of parts or, for each by itself and for all at once, without any.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from parts import PARTS, TOGETHER, left_of, take_out
from tree import copied, lint, test


def main(names: list[str]) -> None:
    """Try each part by itself, then the ones that usually go together, then all of them."""
    tries: list[tuple[list[str], list[str]]] = [([name], []) for name in names or PARTS]
    if not names:
        started = ["", "system.test_openapi", "system.test_page"]
        tries = [(list(PARTS), ["tests"]), (sorted(TOGETHER), started), *tries]
    with ThreadPoolExecutor(2) as executor:  # they wait about as long as they compute
        for line in executor.map(lambda tried: try_without(*tried), tries):
            print(line, flush=True)


def try_without(names: list[str], tests: list[str]) -> str:
    """Take parts out of a copy, lint and test what is left; return how many tests ran.

    tests: what is run, by default `flask test`; "" stands for that.
    """
    with copied() as root:
        take_out(root, names)
        lint(root)
        for name in names:
            if left := left_of(root, name):
                raise SystemExit(f"without {name} there is still {left}")
        ran = [test(root, *([one] if one else [])) for one in tests or [""]]
    return f"without {', '.join(names)}: {'; '.join(ran)}"


if __name__ == "__main__":
    main(sys.argv[1:])
