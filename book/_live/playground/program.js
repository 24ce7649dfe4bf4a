/* A run as a Python program, which fails if a single digit differs. */

const PIECE = 68; // letters of a text in a line

/* A text as Python has it: in pieces, if it is long. */
function written(text) {
  const pieces = text.match(new RegExp(`.{1,${PIECE}}`, "g")) ?? [""];
  return pieces.length === 1
    ? `"${text}"`
    : `(\n${pieces.map((piece) => `    "${piece}"\n`).join("")})`;
}

const list = (numbers) =>
  `[\n${[...numbers].map((x) => `    ${x},\n`).join("")}]`;

/* `query` is what the run has started from, and `later` has the points that
   were added since, and learning rates, and after how many steps. */
export function program(query, later, experiment) {
  const lines = [
    "from micrograd.experiment import Experiment, Settings",
    "",
    `query = ${written(query)}`,
    "experiment = Experiment(Settings.from_query(query))",
  ];
  let done = 0;
  const step = (steps) => {
    if (steps > done) lines.push(`experiment.step(${steps - done})`);
    done = steps;
  };
  for (const { steps, example, rate } of later) {
    step(steps);
    lines.push(
      example
        ? `experiment.add(${example.join(", ")})`
        : `experiment.rate = ${rate}`,
    );
  }
  step(experiment.steps);
  lines.push("", `assert experiment.loss == ${experiment.loss()}`);
  if (experiment.tests.length) {
    const loss = experiment.loss(experiment.tests);
    lines.push(`assert experiment.test_loss == ${loss}`);
  }
  lines.push(
    `assert experiment.accuracy == ${experiment.accuracy()}`,
    "parameters = experiment.model.parameters()",
    `assert [p.data for p in parameters] == ${list(experiment.parameters)}`,
    `assert [p.grad for p in parameters] == ${list(experiment.gradients)}`,
  );
  return `${lines.join("\n")}\n`;
}
