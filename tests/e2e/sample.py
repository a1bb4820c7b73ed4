"""How much a test does that could go on for long: a sample drawn by chance in CI, all of it with `scripts/test --long`.

POSREC_TEST_LONG=1 asks for all, POSREC_TEST_STEP for one in so many of what CI would do: the sanitizers make each program
start slowly. POSREC_TEST_SEED is the number that the draw starts from; without it each run takes another.
"""
import atexit
import os
import random
import time

LONG = os.environ.get("POSREC_TEST_LONG") == "1"
STEP = 1 if LONG else int(os.environ.get("POSREC_TEST_STEP", "1"))


def seeded():
    """The random numbers of this run. Says at the start and at the end what makes them again."""
    seed = int(os.environ.get("POSREC_TEST_SEED") or time.time())
    again = f"the same again: POSREC_TEST_LONG={LONG:d} POSREC_TEST_SEED={seed}"
    print(again, flush=True)
    atexit.register(print, again)
    return random.Random(seed)


def how_many(whole, sample):
    """How often something is done."""
    return whole if LONG else max(1, sample // STEP)


def some_of(things):
    """One in so many, from another on in each run."""
    return things[random.SystemRandom().randrange(STEP)::STEP]
