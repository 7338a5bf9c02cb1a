/** How the inspector looks: like Slack, in light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1d1c1d; --dim: #616061; --page: #fff; --side: #3f0e40; --side-text: #cfc3cf;
  --side-shown: #1164a3; --line: #dddde1; --soft: #f8f8f8; --link: #1264a3; --code: #c01343; --code-back: #f6f6f7;
  --primary: #007a5a; --danger: #d0103a; --mention: #1264a3; --mention-back: #e8f5fa; --loud: #ffe8b3; --busy: #1264a3; }
@media (prefers-color-scheme: dark) { :root { --text: #d1d2d3; --dim: #9a9b9e; --page: #1a1d21; --side: #121016;
  --line: #35373b; --soft: #222529; --link: #1d9bd1; --code: #e8912d; --code-back: #232529; --primary: #148567;
  --danger: #e8315b; --mention: #1d9bd1; --mention-back: #1d3340; --loud: #5b4708; --busy: #1d9bd1; } }
* { box-sizing: border-box; }
body { margin: 0; display: flex; min-height: 100vh; background: var(--page); color: var(--text);
  font: 15px/1.47 Lato, "Helvetica Neue", "Liberation Sans", Arial, "Noto Color Emoji", sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); text-decoration: none; } p { margin: 0; } h1, h2, h3 { margin: 0; line-height: 1.3; }
nav { flex: 0 0 220px; background: var(--side); color: var(--side-text); padding: 14px 8px; }
nav h1 { font-size: 18px; color: #fff; padding: 0 10px 12px; } nav h2 { font-size: 13px; font-weight: 400; padding: 4px 10px; }
.channel { display: flex; gap: 6px; padding: 4px 10px; border-radius: 6px; color: inherit; } .channel small { margin-left: auto; }
.channel.shown { background: var(--side-shown); color: #fff; }
main { flex: 1; min-width: 0; max-width: 860px; }
main > header { border-bottom: 1px solid var(--line); padding: 13px 20px; } main > header h2 { font-size: 18px; }
.messages { padding: 8px 0 20px; } .empty { padding: 20px; color: var(--dim); }
article { display: flex; gap: 9px; padding: 8px 20px; } article:hover { background: var(--soft); }
.avatar, .logo { flex: 0 0 36px; height: 36px; border-radius: 6px; background: #155e75; color: #fff; display: grid;
  place-items: center; font-size: 20px; } .content { min-width: 0; flex: 1; }
.who { display: flex; gap: 6px; align-items: baseline; } .app { font-size: 10px; padding: 0 3px; border-radius: 2px;
  background: var(--line); color: var(--dim); } .who time, .edited { font-size: 12px; color: var(--dim); }
.note { font-size: 13px; color: var(--dim); } .ephemeral .blocks { background: var(--soft); border-radius: 6px; padding: 2px 10px; }
.dim { color: var(--dim); font-size: 13px; }
.blocks { max-width: 640px; } .blocks > * { margin: 4px 0; }
.blocks h3 { font-size: 18px; font-weight: 900; margin: 6px 0 4px; }
.section { white-space: normal; } .fields { display: grid; grid-template-columns: 1fr 1fr; gap: 4px 12px; }
.context { display: flex; flex-wrap: wrap; gap: 0 8px; font-size: 13px; color: var(--dim); margin: 6px 0; }
.actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0 6px; }
.button { display: inline-block; border: 1px solid var(--line); border-radius: 4px; padding: 3px 11px; font-weight: 700;
  font-size: 13px; color: var(--text); background: var(--page); }
.button.primary { background: var(--primary); border-color: var(--primary); color: #fff; }
.button.danger { background: var(--danger); border-color: var(--danger); color: #fff; }
code { font: 12px/1.5 "SFMono-Regular", Menlo, "DejaVu Sans Mono", monospace; color: var(--code); background: var(--code-back);
  border: 1px solid var(--line); border-radius: 3px; padding: 0 3px; display: inline-block; max-width: 100%; }
pre { font: 12px/1.5 "SFMono-Regular", Menlo, "DejaVu Sans Mono", monospace; margin: 4px 0; padding: 8px; white-space: pre-wrap;
  background: var(--soft); border: 1px solid var(--line); border-radius: 4px; }
.unknown { border-style: dashed; } hr { border: 0; border-top: 1px solid var(--line); margin: 10px 0; }
.mention { color: var(--mention); background: var(--mention-back); border-radius: 3px; padding: 0 2px; } .loud { background: var(--loud); }
.plan { border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px; max-width: 460px; } .plan summary { font-weight: 700; cursor: default; }
.plan ol, ol.plan { list-style: none; margin: 6px 0 0; } .plan ol { padding: 0; } .plan li { padding: 2px 0; }
.mark { display: inline-grid; place-items: center; width: 17px; height: 17px; border-radius: 50%; font-size: 11px; font-weight: 700;
  margin-right: 6px; border: 1.5px solid var(--dim); color: var(--dim); }
.pending { color: var(--dim); } .pending .mark { color: transparent; } .in_progress { font-weight: 700; }
.in_progress .mark { border-color: var(--busy); border-right-color: transparent; color: transparent; }
.complete .mark { background: var(--primary); border-color: var(--primary); color: #fff; }
.error { font-weight: 700; } .error .mark { background: var(--danger); border-color: var(--danger); color: #fff; }
.thread { border-left: 2px solid var(--line); margin: 6px 0 0 2px; padding-left: 6px; } .thread article { padding: 6px 8px; }
.thread .avatar { flex-basis: 24px; height: 24px; font-size: 13px; } .replies { font-size: 13px; font-weight: 700; color: var(--link); padding-left: 8px; }
.modals { padding: 12px 20px 24px; border-top: 1px solid var(--line); }
.modal { width: 520px; max-width: 100%; border: 1px solid var(--line); border-radius: 8px; box-shadow: 0 6px 24px #0003; margin: 6px 0 18px; }
.modal header, .modal footer { display: flex; gap: 10px; align-items: center; padding: 14px 18px; } .modal h2 { flex: 1; font-size: 20px; }
.modal .logo { flex-basis: 24px; height: 24px; font-size: 14px; } .modal footer { justify-content: flex-end; border-top: 1px solid var(--line); }
.modal .blocks { padding: 2px 18px 10px; } .input { margin: 12px 0; } .field { border: 1px solid var(--dim); border-radius: 4px;
  padding: 7px 11px; min-height: 38px; margin: 5px 0; } .select summary { display: flex; justify-content: space-between; list-style: none; }
.select ul { list-style: none; margin: 0; padding: 4px; border: 1px solid var(--line); border-radius: 6px; max-height: 300px; overflow: auto; } .select li { padding: 4px 8px; }
@media (max-width: 640px) { body { flex-direction: column; } nav { flex-basis: auto; } }
`;
