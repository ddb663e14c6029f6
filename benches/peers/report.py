"""What the scripts that write a table share: the records they keep, the processor, and the file."""
import json
import os
import platform


def read_records(path):
    """The measurements of a file that `keep_records` has written; none without a file."""
    if not path:
        return []
    with open(path) as file:
        return [json.loads(line) for line in file]


def keep_records(path, records):
    """Appends measurements to a file, one JSON line each; does nothing without one."""
    if path:
        with open(path, "a") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)


def processor():
    """The name of the processor."""
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


def write(path, text):
    """Writes a text into a file, and makes its folder; `-` prints it."""
    if path == "-":
        print(text)
        return
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
