"""Answers that readers may give: right in another way, and wrong."""

from __future__ import annotations

RIGHT: dict[str, list[str]] = {
    "ex-cube": ["dg = lambda x: 3 * x * x"],
    "ex-errors": [
        "one, two = -0.61, -0.01",
        "one, two = 3 * 2 * h + h * h, h * h",
    ],
    "ex-signs": ["signs = dict(a='-', b='+', c='-')"],
    "ex-two-more": [
        "changed = ['e', 'd', 'c', 'b', 'a']\n"
        "dL_da, dL_db, dL_dc, dL_df = -9, 6, 3, 4"
    ],
    "ex-shared": [
        "measured = slope(lambda a: a * b + a, 2)\n"
        "once_more, product = 1, -3\ndM_da = sum([once_more, product])"
    ],
    "ex-count": [
        "def operations(value):\n"
        "    if not value._prev:\n        return 0\n"
        "    left, right = value._prev\n"
        "    return operations(left) + operations(right) + 1"
    ],
    "ex-subtract": [
        "@reopen\nclass Value:\n    def __sub__(self, other):\n"
        "        return (other * -1) + self"
    ],
    "ex-expression": [
        "def formula(value):\n    if not value._op:\n"
        "        return value.label\n"
        "    sides = []\n    for v in value._prev:\n"
        "        sides.append(f'({formula(v)})' if v._op else v.label)\n"
        "    return f' {value._op} '.join(sides)"
    ],
    "ex-reached": [
        "def reached(root, knob):\n    nodes, edges = trace(root)\n"
        "    moved = {knob}\n    for _ in nodes:\n"
        "        moved |= {r for o, r in edges if o in moved}\n"
        "    return [node for node in nodes if node in moved] or [knob]"
    ],
    "ex-square": [
        "@reopen\nclass Value:\n    def square(self):\n"
        "        return self * self"
    ],
    "ex-neuron-graph": [
        "n = x2 * w2 + (x1 * w1 + bias)\nn.grad = 1.0\n"
        "inner = n._prev[1]\n"
        "for node in [n, n._prev[0], inner, inner._prev[0]]:\n"
        "    pass_on(node)"
    ],
    "ex-b-plus-b": ["dc_da, overwritten = 24, 2 * a.data"],
    "ex-uphill-again": [
        "a, b, c, f = knobs = [Value(v) for v in (2, -3, 10, -2)]\n"
        "for _ in range(15):\n    L = f * (c + b * a)\n    L.backward()\n"
        "    for k in knobs:\n        k.data += k.grad / 100\n"
        "        k.grad = 0"
    ],
    "ex-softplus": [
        "softplus_slope = lambda x: math.exp(x) / (1 + math.exp(x))"
    ],
    "ex-wrong-slope": [
        "culprit = 'inverse'\nslope_of_culprit = lambda x: -(x**-2)"
    ],
    "ex-corner-check": ["engine, nudged, h = 1, 14 / 20, 3e-6"],
    "ex-and": [
        "for p, v in zip(conjunction.parameters(), [5, 5, -6]):\n"
        "    p.data = v"
    ],
    "ex-xor": [
        "for _ in range(200):\n    xor.zero_grad()\n    errors = []\n"
        "    for x1, x2, y in cases:\n"
        "        squared = (xor([x1, x2]) - y) ** 2\n"
        "        squared.backward()\n        errors.append(squared.data)\n"
        "    for p in xor.parameters():\n        p.data -= 0.05 * p.grad\n"
        "error = sum(errors)"
    ],
    "ex-parameters": [
        "first, second, last = 32 + 16, 256 + 16, 17\nparameters = 337.0"
    ],
    "ex-all-zero": [
        "for p in equal.parameters():\n    p.data = 0.5\n"
        "equal([2, 3, -1]).backward()\n"
        "rows = [[*(w.grad for w in n.w), n.b.grad]"
        " for n in equal.layers[0].neurons]"
    ],
    "ex-momentum": [
        "w, path, grad = Value(0.0), [], 0.0\nfor _ in range(60):\n"
        "    grad = 0.8 * grad + 2 * (w.data - 3)\n"
        "    w.data -= 0.1 * grad\n    path.append(w.data)\n"
        "settled = 60\nwhile abs(path[settled - 1] - 3) < 0.1:\n"
        "    settled -= 1"
    ],
    "ex-order-of-sums": [
        "left, right = sum([0.3, 0.2]) + 0.1, 0.1 + 0.2 + 0.3"
    ],
    "ex-single": [
        "small = copy.deepcopy(theirs).to(torch.float32)\n"
        "scores_32 = small(x.to(torch.float32))[:, 0].tolist()\n"
        "large = theirs(x)[:, 0].tolist()\n"
        "gaps = [p - q for p, q in zip(large, scores_32)]\n"
        "furthest = max(max(gaps), -min(gaps))\n"
        "changed = sum(p * q < 0 for p, q in zip(large, scores_32))"
    ],
    "ex-sorted": [
        "def after(lists):\n    network = new_network(16, seed=1)\n"
        "    mover = SGD(network.parameters(), 0.1, 0.9)\n"
        "    for some in lists:\n"
        "        network.zero_grad()\n"
        "        mean_loss(network, some).backward()\n"
        "        mover.step()\n"
        "    return evaluate(network, validation)[1]\n"
        "ordered = sorted(training[:400], key=lambda pair: pair[1])\n"
        "slices = [ordered[16 * k : 16 * k + 16] for k in range(25)]\n"
        "in_order = after(slices * 3)\nrng = random.Random(2)\n"
        "shuffled = after([b for _ in range(3)"
        " for b in batches(ordered, 16, rng)])"
    ],
    "ex-no-hats": [
        "first, tenth = 0.1 / 0.001**0.5, (1 - 0.9**10) / (1 - 0.999**10)**0.5"
    ],
    "ex-guessers": [
        "rng, chosen = random.Random(5), 0.0\n"
        "def share(digits):\n"
        "    return sum(rng.randint(0, 9) == d for d in digits) / 50\n"
        "for _ in range(1000):\n    chosen = max(chosen, share(labels))\n"
        "really = share(others)"
    ],
    "ex-unsure": [
        "unsure = [y for x, y in test if not any(\n"
        "    p.data >= 0.9 for p in softmax(model.outputs(x)))]\n"
        "counts = list(map(unsure.count, range(10)))\n"
        "most = max(range(10), key=counts.__getitem__)"
    ],
    "ex-words": [
        "def one_hot(word, words):\n    numbers = [0] * len(words)\n"
        "    if word in words:\n        numbers[words.index(word)] = 1\n"
        "    return numbers"
    ],
    "ex-empty-pixels": [
        "columns = list(zip(*(image for image, _ in training)))\n"
        "pixel_scaler, heard = Scaler(zip(*columns)), 0\n"
        "constant = tuple(i for i in range(64) if not any(columns[i]))"
    ],
    "ex-second-derivative": ["gradient = x * x * 3\ngradient.backward()"],
    "ex-fewer-terms": [
        "for last in errors:\n    term = total = 1.0\n"
        "    for n in range(1, last + 1):\n"
        "        term *= r / n\n        total += term\n"
        "    errors[last] = abs(total / math.exp(r) - 1)"
    ],
}

WRONG: dict[str, list[str]] = {
    "ex-cube": ["dg = lambda x: 6 * x", "dg = lambda x: 3 * x"],
    "ex-errors": ["one, two = 0.61, 0.61", "one, two = 0.6, 0.01"],
    "ex-downhill": [
        "x = 3.0\nfor _ in range(20):\n    x += 0.1 * slope(f, x)"
    ],
    "ex-signs": ["signs = dict(a='+', b='+', c='-')"],
    "ex-two-more": [
        "changed = 'abcdef'\ndL_da, dL_db, dL_dc, dL_df = -9, 6, 3, 4",
        "changed = set('abcde')\ndL_da, dL_db, dL_dc, dL_df = 6, -4, 3, 4",
    ],
    "ex-saturated": ["dw1 = 1 - o**2"],
    "ex-shared": ["measured = -2.0\nproduct, once_more = -3, 1\ndM_da = -3.0"],
    "ex-count": [
        "def operations(value):\n    todo, seen = [value], set()\n"
        "    for v in todo:\n        if v not in seen:\n"
        "            seen.add(v)\n            todo.extend(v._prev)\n"
        "    return sum(bool(v._op) for v in seen)"
    ],
    "ex-subtract": [
        "@reopen\nclass Value:\n    def __sub__(self, other):\n"
        "        return Value(self.data - other.data)"
    ],
    "ex-guess-graph": ["boxes, circles, edges = 5, 2, 6"],
    "ex-reached": [
        "def reached(root, knob):\n    _, edges = trace(root)\n"
        "    return [knob] + [r for o, r in edges if o is knob]",
        "def reached(root, knob):\n    return trace(root)[0]",
    ],
    "ex-square": [
        "@reopen\nclass Value:\n    def square(self):\n"
        "        x = self.data\n"
        "        return Value(x * x, (self,), 'square', (x,))"
    ],
    "ex-neuron-graph": [
        "n = x1 * w1 + x2 * w2 + bias\nn.grad = 1.0\npass_on(n)"
    ],
    "ex-b-plus-b": [
        "dc_da, overwritten = 24, 12",
        "dc_da, overwritten = 6, 6",
    ],
    "ex-orders": ["orders_of_first = orders_of_second = 1"],
    "ex-uphill-again": [
        "a, b, c, f = knobs = [Value(v) for v in (2, -3, 10, -2)]\n"
        "for _ in range(15):\n    L = f * (c + b * a)\n    L.backward()\n"
        "    for k in knobs:\n        k.data += k.grad / 100"
    ],
    "ex-softplus": ["softplus_slope = lambda x: 1 / (1 + math.exp(x))"],
    "ex-wrong-slope": [
        "culprit = 'cube'\nslope_of_culprit = lambda x: 3 * x**2",
        "culprit = 'inverse'\nslope_of_culprit = lambda x: -1 / x",
    ],
    "ex-sin": [
        "@reopen\nclass Value:\n    def sin(self):\n"
        "        x = self.data\n"
        "        return Value(math.sin(x), (self,), 'sin', (math.sin(x),))"
    ],
    "ex-twice-torch": ["y.backward()\nz.backward()"],
    "ex-corner-check": [
        "engine, nudged, h = 0.0, 0.5, 1e-6",
        "engine, nudged, h = 1.0, 0.7, 1e-5",
    ],
    "ex-and": [
        "for p, v in zip(conjunction.parameters(), [1, 1, 1]):\n    p.data = v"
    ],
    "ex-xor": [
        "error = 0.0",
        "error = sum((xor([x1, x2]).data - y) ** 2 for x1, x2, y in cases)",
        "for _ in range(200):\n    for x1, x2, y in cases:\n"
        "        loss = (xor([x1, x2]) - y) ** 2\n        xor.zero_grad()\n"
        "        loss.backward()\n        for p in xor.parameters():\n"
        "            p.data -= 0.05 * p.grad\nerror = loss.data",
    ],
    "ex-parameters": ["first, second, last = 32, 256, 16\nparameters = 304"],
    "ex-all-zero": ["rows = [[0.0] * 4] * 4"],
    "ex-rates": ["final = dict.fromkeys([0.01, 0.1, 1.0, 10.0], 0.5)"],
    "ex-absolute": ["absolute = abs", "absolute = Value.relu"],
    "ex-momentum": [
        "w, path = Value(0.0), []\nfor _ in range(60):\n    w.grad = 0.0\n"
        "    ((w - 3) ** 2).backward()\n    w.data -= 0.1 * w.grad\n"
        "    path.append(w.data)\nsettled = 16"
    ],
    "ex-small-net": ["results = {(4, 100): 0.9, (8, 100): 0.9}"],
    "ex-lambda": ["found = dict.fromkeys([0.0, 1e-4, 1e-1], (1.3, 1.0))"],
    "ex-spoil": ["n, seen, unseen = 10, 1.0, 0.95"],
    "ex-order-of-sums": ["left, right = 0.1 + 0.2 + 0.3, 0.2 + 0.1 + 0.3"],
    "ex-single": [
        "scores_32 = theirs(x).squeeze().tolist()\nfurthest, changed = 0.0, 0",
    ],
    "ex-sorted": [
        "in_order = shuffled = 0.9",
        "in_order = shuffled = 0.1",
    ],
    "ex-no-hats": [
        "first, tenth = 0.1, 1 - 0.9**10",
        "first, tenth = 1.0, 1.0",
    ],
    "ex-guessers": [
        "chosen = really = 0.1",
        "chosen, really = 0.24, 0.24",
    ],
    "ex-unsure": [
        "for image, _ in test:\n    scores = model.outputs(image)\n"
        "    if max(p.data for p in softmax(scores)) < 0.9:\n"
        "        counts[argmax(scores)] += 1\n"
        "most = counts.index(max(counts))",
        "for _, digit in test:\n    counts[digit] += 1\nmost = 8",
    ],
    "ex-words": [
        "def one_hot(word, words):\n    return [words.index(word)]",
        "def one_hot(word, words):\n"
        "    return [float(w <= word) for w in words]",
    ],
    "ex-empty-pixels": [
        "pixel_scaler = Scaler(x for x, _ in training)\n"
        "constant, heard = [0, 32, 39], 1.0",
        "pixel_scaler = Scaler(x for x, _ in test)\nheard = 0.0\n"
        "constant = [i for i in range(64)\n"
        "            if not pixel_scaler.deviations[i]]",
    ],
    "ex-fuse-mean": [
        "def mean(values):\n    return sum(values) / len(values)"
    ],
    "ex-fuse-all": ["saved = 3400"],
    "ex-cse": ["counted = 2\ny = x.tanh() * x.tanh()"],
    "ex-second-derivative": ["gradient = 3 * x * x"],
    "ex-eight-lanes": ["class EightLanes(NativeBackend):\n    lane = 8"],
    "ex-fewer-terms": ["errors = {5: 2e-6, 9: 6e-12, 13: 6e-12}"],
}
