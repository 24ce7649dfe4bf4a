/* A button on every piece of code that copies it. What code prints has none. */
for (const pre of document.querySelectorAll(
  ":not(.output) > div.highlight > pre",
)) {
  const button = document.createElement("button");
  button.className = "copybtn";
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
    } catch {
      /* Pages without https have no clipboard; they may copy what is marked. */
      getSelection().selectAllChildren(pre);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  pre.after(button);
}
