/* The editor of a cell: CodeMirror, dressed as the book's code is. */

import {
  defaultKeymap,
  history,
  historyKeymap,
  indentWithTab,
} from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import {
  bracketMatching,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { colours } from "../shared/coloured.js";
import { element } from "../shared/element.js";

const HINT = "Shift+Enter runs it. Tab indents; Escape, then Tab, leaves.";

/* An editor in a box; `onChange` gets the text, `run` is for Shift+Enter. */
export function edit(box, { code, number, onChange, run }) {
  const runKey = {
    key: "Shift-Enter",
    run: () => {
      run();
      return true;
    },
  };
  const hint = element("p", {
    className: "live-hint",
    id: `live-hint-${number}`,
    textContent: `Code cell ${number}. ${HINT}`,
  });
  const view = new EditorView({
    parent: box,
    state: EditorState.create({
      doc: code,
      extensions: [
        keymap.of([runKey, indentWithTab, ...defaultKeymap, ...historyKeymap]),
        history(),
        python(),
        indentUnit.of("    "),
        indentOnInput(),
        bracketMatching(),
        syntaxHighlighting(colours),
        EditorView.contentAttributes.of({
          "aria-label": `Code of cell ${number}`,
          "aria-describedby": hint.id,
          tabindex: "0",
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  box.append(hint);
  /* The page has keys of its own: "/" would lead to the search. */
  view.dom.addEventListener("keydown", (event) => event.stopPropagation());
  return {
    set code(text) {
      const whole = { from: 0, to: view.state.doc.length };
      view.dispatch({ changes: { ...whole, insert: text } });
    },
    close: () => view.destroy(),
    focus: () => view.focus(),
  };
}
