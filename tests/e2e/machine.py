"""How busy a machine is with other programs: whether something is in time is judged only where they leave a processor."""
import os

OTHERS_SHARE_MAX = 0.1  # of all processors' time


def busy_s():
    """Seconds that all processors together have worked since the machine started."""
    with open("/proc/stat") as stat:
        user, nice, system, _, _, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def process_s(pid):
    """Seconds that a process, which still is there, has worked."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_idle(others_s, seconds):
    """Whether other programs left the processors alone; says so where they did not."""
    share = max(0, others_s) / seconds / os.cpu_count()
    if share > OTHERS_SHARE_MAX:
        print(f"other programs took {share:.0%} of the processors: whether polls were on time is not judged")
    return share <= OTHERS_SHARE_MAX
