// The manifest editor: CodeMirror behind the few calls that the page makes. Tab indents; after Esc
// it moves the focus on, and Ctrl-m makes it always do so: CodeMirror's own way to trap no keyboard.
//
// create(parent, options) -> handle, also at `window.kubariumEditor`; the window hears the event
// "kubarium-editor" when this module is there. Options, all but `doc` may be absent:
//   doc, dark, readOnly, label           text, theme, whether it can be edited, name for readers
//   onChange(text), onApply()            after an edit by the person, not by set(); on Mod-Enter
//   lint(text) -> [{from_line, from_col, to_line, to_col, severity, message}]
//                                        lines and columns count from 1, columns in characters as
//                                        the person sees them; the end is exclusive
//   complete(text, pos) -> {from, options: [{label, type, detail, info, apply}]} | null
//                                        positions in UTF-16 units, as in a JavaScript string
//   phrases                              {english: translated} for CodeMirror's own words
import { acceptCompletion, autocompletion } from "@codemirror/autocomplete";
import { indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { indentUnit } from "@codemirror/language";
import { forceLinting, lintGutter, lintKeymap, linter } from "@codemirror/lint";
import { Compartment, EditorState, Prec, StateEffect, Transaction } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { basicSetup } from "codemirror";
import { highlighting, theme } from "./theme.mjs";

const LINT_DELAY_MS = 250;
const relint = StateEffect.define();

/** The UTF-16 position of a line and column that may lie outside the text. */
function position(doc, lineNumber, column) {
  const line = doc.line(Math.min(Math.max(lineNumber, 1), doc.lines));
  const before = Array.from(line.text).slice(0, Math.max(column, 1) - 1).join("");
  return line.from + before.length;
}

function diagnostic(doc, found) {
  const from = position(doc, found.from_line, found.from_col);
  const end = position(doc, found.to_line ?? found.from_line, found.to_col ?? found.from_col + 1);
  // An empty range would be an invisible dot: take the rest of the line, or its last character.
  const line = doc.lineAt(from);
  const to = end > from ? end : line.to;
  const start = to > from ? from : Math.max(line.from, from - 1);
  return { from: start, to, severity: found.severity ?? "error", message: found.message };
}

function completionSource(complete) {
  return (context) => {
    const word = context.matchBefore(/[\w.\/-]*/);
    if (!context.explicit && (!word || word.from === word.to)) return null;
    const found = complete(context.state.doc.toString(), context.pos);
    if (!found?.options?.length) return null;
    return { from: found.from ?? word?.from ?? context.pos, options: found.options };
  };
}

export function create(parent, options) {
  const { onChange, onApply, lint, complete } = options;
  const look = new Compartment();
  const apply = { key: "Mod-Enter", preventDefault: true, run: () => (onApply?.(), true) };
  const extensions = [
    Prec.highest(keymap.of([apply, { key: "Tab", run: acceptCompletion }])),
    basicSetup,
    keymap.of([...lintKeymap, indentWithTab]),
    yaml(),
    indentUnit.of("  "),
    EditorState.tabSize.of(2),
    look.of(theme(options.dark)),
    highlighting,
    EditorView.contentAttributes.of({ "aria-label": options.label ?? "YAML", spellcheck: "false" }),
    EditorView.updateListener.of((update) => {
      const byPerson = update.transactions.some((t) => t.annotation(Transaction.userEvent));
      if (update.docChanged && byPerson) onChange?.(update.state.doc.toString());
    }),
  ];
  if (options.phrases) extensions.push(EditorState.phrases.of(options.phrases));
  if (options.readOnly) extensions.push(EditorState.readOnly.of(true));
  if (lint) {
    const source = ({ state }) =>
      Array.from(lint(state.doc.toString()) ?? [], (found) => diagnostic(state.doc, found));
    const needsRefresh = ({ transactions }) =>
      transactions.some((t) => t.effects.some((effect) => effect.is(relint)));
    extensions.push(lintGutter(), linter(source, { delay: LINT_DELAY_MS, needsRefresh }));
  }
  if (complete) extensions.push(autocompletion({ override: [completionSource(complete)] }));

  const view = new EditorView({ parent, doc: options.doc ?? "", extensions });
  return handle(view, look);
}

function handle(view, look) {
  return {
    get: () => view.state.doc.toString(),
    set(text) {
      if (text === view.state.doc.toString()) return;
      const changes = { from: 0, to: view.state.doc.length, insert: text };
      view.dispatch({ changes, selection: { anchor: 0 }, scrollIntoView: true });
    },
    setDark: (dark) => view.dispatch({ effects: look.reconfigure(theme(dark)) }),
    refreshLint() {
      view.dispatch({ effects: relint.of(null) });
      forceLinting(view);
    },
    focus: () => view.focus(),
    gotoLine(number) {
      const anchor = position(view.state.doc, number, 1);
      const effects = EditorView.scrollIntoView(anchor, { y: "center" });
      view.dispatch({ selection: { anchor }, effects });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}

window.kubariumEditor = { create };
window.dispatchEvent(new Event("kubarium-editor"));
