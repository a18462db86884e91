#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# check.py: checks that the JSON Schema and the parser agree about the policy corpus.
"""usage: check.py [--tap] PARSER    PARSER is build/schema/policy-check

Every good file and every example must be taken by both. Every bad file must
be refused by the parser exactly as its "# expect: LINE:COLUMN: text" lines
say, and by the schema, unless it says "# schema: cannot: why"; then the schema
must indeed take it. Beyond the corpus, whatever the parser takes among
documents mutated at random (from a fixed seed) the schema must take too.
Prints what failed and a line of totals; with --tap everything, as TAP.
"""
import copy
import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
CORPUS = TOP / "tests/fixtures/policies"
SCHEMA = TOP / "policies/hostpart-policy.schema.json"
MANUAL = TOP / "userland/man/hostpart-policy.5.scd"
BAD_BY_BOTH_MIN = 60
MUTANTS = 1500

try:
    import yaml
    import jsonschema
except ImportError as missing:
    print(f"1..0 # SKIP {missing}: install python3-yaml and python3-jsonschema")
    print("schema: 0 passed, 0 failed, 1 skipped")
    sys.exit(0)


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2 core schema, as editors and the parser read it: PyYAML alone takes `yes` for true."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node, deep=False):
        # Keys are always text here: a domain may be called "null".
        return {self.construct_scalar(key): self.construct_object(value, deep=True) for key, value in node.value}


for tag, pattern, first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
     list("-+.0123456789")),
):
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first)
CoreLoader.add_constructor("tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node))
CoreLoader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(
    node.value, 0 if node.value.startswith(("0x", "0o")) else 10))


class Tap:
    """Counts and prints results."""

    def __init__(self, verbose):
        self.verbose = verbose
        self.count = self.failed = 0

    def result(self, name, problem):
        self.count += 1
        self.failed += bool(problem)
        if problem or self.verbose:
            print(f"{'not ok' if problem else 'ok'} {self.count} - {name}" + (f": {problem}" if problem else ""))


def run_parser(parser, files):
    """{file: None when taken, else (exit status, lines)}, from one run."""
    answers, current = {}, None
    run = subprocess.run([parser, *map(str, files)], capture_output=True, text=True, check=True, errors="replace")
    if run.stderr:
        raise SystemExit(f"the parser printed by itself: {run.stderr}")
    lines = run.stdout.splitlines()
    if lines[-1:] != ["end"]:
        raise SystemExit("the parser stopped early")
    for line in lines[:-1]:
        word, _, rest = line.partition(" ")
        if word == "ok":
            answers[rest] = None
        elif word == "bad":
            current = answers[rest] = []
        else:
            current.append(line)
    return {name: answer and (answer[0], answer[1:]) for name, answer in answers.items()}


def schema_refusal(validator, path):
    """Why the schema refuses a file; None when it takes it, "" when there is no document to judge."""
    try:
        document = yaml.load(path.read_text("utf-8-sig"), CoreLoader)
    except (yaml.YAMLError, UnicodeDecodeError):
        return ""
    if document is None:
        return ""
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    return error and f"{error.json_path}: {error.message}"[:200]


def expectations(path):
    """The "# expect:" lines and the reason in "# schema: cannot:", from a file's first lines."""
    wanted, cannot = [], None
    for line in path.read_bytes().decode("utf-8", "replace").splitlines():
        if line.startswith("# expect: "):
            place, text = re.match(r"# expect: (\d+:\d+): (.*)", line).groups()
            wanted.append((place, text))
        elif line.startswith("# schema: cannot: "):
            cannot = line.split(": ", 2)[2]
        else:
            break
    return wanted, cannot


def check_message(path, answer, wanted):
    """What is wrong with the parser's answer to a bad file; None when nothing is."""
    if not wanted:
        return "it has no '# expect: LINE:COLUMN: text' line"
    if answer is None:
        return "the parser takes it"
    status, lines = answer
    if status != "exit 2":
        return f"the parser says {status}"
    if len(lines) != len(wanted):
        return f"{len(wanted)} complaints were expected: {lines}"
    for line, (place, text) in zip(lines, wanted):
        if not line.startswith(f"{path}:{place}: ") or text not in line:
            return f"expected {place}: {text}, got {line}"
    return None


def check_bad(tap, validator, files, answers):
    refused_by_both = beyond = 0
    for path in files:
        wanted, cannot = expectations(path)
        problem = check_message(path, answers[str(path)], wanted)
        refusal = schema_refusal(validator, path)
        if not problem and cannot is None and not refusal:
            problem = "the schema takes it"
        if not problem and cannot is not None and refusal:
            problem = f"the schema can after all: {refusal}"
        refused_by_both += cannot is None and not problem
        beyond += cannot is not None
        tap.result(f"bad/{path.name}", problem)
    print(f"# {len(files)} bad files: {refused_by_both} refused by both, {beyond} beyond a schema")
    tap.result(f"at least {BAD_BY_BOTH_MIN} bad files are refused by both",
               refused_by_both < BAD_BY_BOTH_MIN and f"only {refused_by_both}")


def keys_of(schema):
    """Every key that a policy may have."""
    for name, part in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if name == "properties":
            yield from part
        if isinstance(part, (dict, list)):
            yield from keys_of(part)


def check_manual(tap, validator, parser, schema):
    """The manual page names every key, and its first example is a policy."""
    text = MANUAL.read_text()
    missing = sorted(key for key in set(keys_of(schema)) if f"*{key}*" not in text)
    tap.result("the manual page names every key", missing and f"not {', '.join(missing)}")
    example = re.search(r"^```\n(.*?)^```", text, re.M | re.S).group(1)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(example)
        file.flush()
        answer = run_parser(parser, [file.name])[file.name]
        tap.result("the manual page's example is a policy",
                   answer and str(answer) or schema_refusal(validator, Path(file.name)))


def nodes(value, path=()):
    """Every place in a document."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from nodes(child, path + (key,))


def lookup(document, path):
    for step in path:
        document = document[step]
    return document


def mutate(rng, document, pool):
    """Changes one place: another value from somewhere in the corpus, a copy, a removal, an edit of text."""
    document = copy.deepcopy(document)
    path = rng.choice([p for p in nodes(document) if p])
    parent, key = lookup(document, path[:-1]), path[-1]
    change = rng.randrange(4)
    if change == 0:
        parent[key] = copy.deepcopy(rng.choice(pool))
    elif change == 1:
        del parent[key]
    elif change == 2 and isinstance(parent, dict):
        parent[rng.choice(["alpha", "cpus", "memory", "index", "list", "kind", "size", "swap"])] = parent.pop(key)
    elif isinstance(parent[key], str) and parent[key]:
        spot = rng.randrange(len(parent[key]))
        parent[key] = parent[key][:spot] + rng.choice("0159afAFz.:-/%GiBx ") + parent[key][spot + rng.randrange(2):]
    elif isinstance(parent[key], int):
        parent[key] = rng.choice([0, 1, -1, 7, 255, 4096, 65535, 65536, 1 << 24, 1 << 32, True, False])
    return document


def check_mutants(tap, validator, parser, seeds):
    """The schema may be weaker than the parser, never stricter."""
    rng = random.Random(20250101)
    documents = [yaml.load(path.read_text("utf-8-sig"), CoreLoader) for path in seeds]
    pool = [lookup(d, p) for d in documents for p in nodes(d) if p]
    taken = 0
    with tempfile.TemporaryDirectory() as scratch:
        files = {}
        for i in range(MUTANTS):
            mutant = rng.choice(documents)
            for _ in range(rng.randint(1, 3)):
                if any(p for p in nodes(mutant)):
                    mutant = mutate(rng, mutant, pool)
            path = Path(scratch, f"{i}.yaml")
            path.write_text(json.dumps(mutant, ensure_ascii=False))
            files[str(path)] = mutant
        for name, answer in run_parser(parser, files).items():
            if answer is not None:
                continue
            taken += 1
            error = jsonschema.exceptions.best_match(validator.iter_errors(files[name]))
            if error:
                tap.result("mutant", f"only the schema refuses {json.dumps(files[name])}: {error.message}")
    print(f"# {MUTANTS} mutants, {taken} taken by the parser")
    tap.result("the schema takes every mutant that the parser takes", not taken and "the parser took none at all")


def main():
    verbose = sys.argv[1:2] == ["--tap"]
    if len(sys.argv) != 2 + verbose:
        raise SystemExit(__doc__)
    parser = sys.argv[-1]
    validator_class = jsonschema.Draft7Validator
    schema = json.loads(SCHEMA.read_text())
    validator_class.check_schema(schema)
    validator = validator_class(schema)
    good = sorted((CORPUS / "good").glob("*.yaml")) + sorted((TOP / "policies").glob("*.yaml"))
    bad = sorted((CORPUS / "bad").glob("*.yaml"))
    answers = run_parser(parser, good + bad)
    tap = Tap(verbose)
    for path in good:
        answer = answers[str(path)]
        tap.result(path.relative_to(TOP),
                   answer and f"the parser refuses it: {answer[1]}" or schema_refusal(validator, path))
    check_bad(tap, validator, bad, answers)
    check_manual(tap, validator, parser, schema)
    check_mutants(tap, validator, parser, good)
    if verbose:
        print(f"1..{tap.count}")
    print(f"schema: {tap.count - tap.failed} passed, {tap.failed} failed, 0 skipped")
    return tap.failed > 0


if __name__ == "__main__":
    sys.exit(main())
