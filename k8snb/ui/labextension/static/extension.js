/* k8snb in JupyterLab 4 and Notebook 7: buttons beside what the kernel shows.
 *
 * Whatever a button does is a line that its user could type: it comes into a cell below and runs there. Nothing here is
 * needed: without it the same is shown, and the lines are named in it.
 *
 * A prebuilt extension in the shape that webpack's module federation has (`init`, `get`), written by hand: it takes what it
 * needs from what JupyterLab shares.
 */
(() => {
  'use strict';

  const MIME = 'application/vnd.k8snb+json';
  const RANK = 40; // before text/html, which has 50
  const NAME = /^\w[\w.-]*$/;
  const WORD = /^[\w.:/@+~][\w.:/@+~-]*$/; // neither an option, nor what stands for a variable in the line of a magic
  const LOAD = '%load_ext k8snb';
  const LOADS = /^\s*%(re)?load_ext\s+k8snb\b/m;
  const ASKS = /^\s*(%k8s_(run|runs|logs|status)\b.*|%k8s_stack|%(re)?load_ext\s+k8snb)?\s*$/; // of a line
  let shared = {};

  const shareOf = async name => {
    const versions = Object.values(shared[name]);
    const loaded = versions.find(one => one.loaded) ?? versions[0];
    return (await loaded.get())();
  };

  /** A pattern as the line of a magic takes it, which knows no escapes in quotes; null where that cannot be. */
  const quoted = text => {
    const quote = ['"', "'"].find(one => !text.includes(one));
    return quote && !/[\n\r]/.test(text) ? quote + text + quote : null;
  };

  const element = (tag, properties = {}, children = []) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  const button = (label, title, onclick) => {
    const made = element('button', { type: 'button', textContent: label, title, onclick });
    made.style.cssText =
      'font: inherit; color: inherit; background: transparent; border: 1px solid #888888; border-radius: 4px;' +
      'padding: 0 8px; margin: 2px 8px 2px 0; cursor: pointer';
    return made;
  };

  const FIELD = 'font: inherit; color: inherit; background: transparent; border: 1px solid #888888; border-radius: 4px';

  const named = (label, made) => {
    made.setAttribute('aria-label', label);
    made.dataset.lmSuppressShortcuts = 'true'; // letters and arrows are no shortcuts here
    made.style.cssText = FIELD;
    return made;
  };
  const field = (label, properties) => named(label, element('input', properties));
  const choice = (label, names) =>
    named(label, element('select', {}, names.map(name => element('option', { value: name, textContent: name }))));

  const bar = children => {
    const made = element('div', {}, children);
    made.style.fontSize = 'smaller';
    return made;
  };

  /* Colours of tracebacks: a contrast of 4.5 at least with the ground of light and of dark themes. */
  const INKS = {
    red: ['#b3261e', '#ff8a80'],
    green: ['#1a7f37', '#7ee787'],
    yellow: ['#7a5c00', '#e3c64f'],
    blue: ['#0b57d0', '#8ab4f8'],
    magenta: ['#9c27b0', '#e39cf0'],
    cyan: ['#00697a', '#6fd6e0'],
  };
  const addColours = () => {
    const inTheme = (isLight, selector) => `body[data-jp-theme-light="${isLight}"] .k8snb-ansi ${selector}`;
    const rules = Object.entries(INKS).flatMap(([name, [light, dark]]) => [
      `${inTheme(true, `.ansi-${name}-fg`)} { color: ${light} }`,
      `${inTheme(false, `.ansi-${name}-fg`)} { color: ${dark} }`,
    ]);
    rules.push(
      '.k8snb-ansi .ansi-bold { font-weight: bold }',
      `${inTheme(true, '.ansi-yellow-bg')} { background-color: #fff0a0 }`,
      `${inTheme(false, '.ansi-yellow-bg')} { background-color: #4a4000 }`
    );
    document.head.append(element('style', { textContent: rules.join('\n') }));
  };

  const makePlugin = ({ Widget }, { INotebookTracker, NotebookActions }, { IRenderMimeRegistry }) => {
    let tracker = null;

    const placeOf = node => {
      const panel = tracker?.find(one => one.node.contains(node));
      const cell = panel?.content.widgets.findIndex(one => one.node.contains(node));
      return panel && cell >= 0 ? { panel, cell } : null;
    };

    /** What the kernel has executed (`cell:ID`, `step:NAME`): null where k8snb is not loaded, as in a notebook that was
     * opened again. A busy kernel is not asked. */
    const executedBy = async panel => {
      const kernel = panel.sessionContext.session?.kernel;
      if (!kernel || ['busy', 'unknown'].includes(kernel.status)) return undefined; // unknown: at work since before this page
      const asked = { told: "__import__('sys').modules['k8snb.notebook.hooks'].executed()" };
      const request = { code: '', silent: true, store_history: false, user_expressions: asked };
      const reply = await kernel.requestExecute(request).done;
      const text = reply.content.user_expressions?.told?.data?.['text/plain'] ?? 'None';
      return text === 'None' ? null : new Set([...text.matchAll(/'([^']+)'/g)].map(found => found[1]));
    };

    const runCell = (panel, cell) => {
      panel.content.activeCellIndex = cell;
      panel.content.deselectAll();
      return NotebookActions.run(panel.content, panel.sessionContext);
    };

    const sourceOf = cell => cell.model.sharedModel.getSource();

    /** Run the cells above one that the kernel has not executed, but for those that only ask k8snb for something; say
     * whether all went well. Where none loads k8snb, one is put at the top: the notebook needs it. */
    const runAbove = async (panel, own, executed) => {
      const notebook = panel.content;
      const above = () => notebook.widgets.slice(0, notebook.widgets.indexOf(own)).filter(one => one.model.type === 'code');
      if (!executed && !above().some(one => LOADS.test(sourceOf(one)))) {
        notebook.activeCellIndex = 0;
        NotebookActions.insertAbove(notebook);
        notebook.activeCell.model.sharedModel.setSource(LOAD);
      }
      for (const one of above()) {
        const source = sourceOf(one);
        const onlyAsks = source.split('\n').every(line => ASKS.test(line)) && (executed || !LOADS.test(source));
        if (onlyAsks || executed?.has(`cell:${one.model.id}`)) continue;
        if (!(await runCell(panel, notebook.widgets.indexOf(one)))) return false;
      }
      return true;
    };

    /** Put a line into the cell below, which is made unless it is there; or the cell itself is that line. */
    const putBelow = ({ panel, cell }, line) => {
      const notebook = panel.content;
      const there = [cell, cell + 1].map(index => notebook.widgets[index]);
      const found = there.find(one => one && [line, `${LOAD}\n${line}`].includes(sourceOf(one).trim()));
      if (found) return found;
      notebook.activeCellIndex = cell;
      NotebookActions.insertBelow(notebook);
      notebook.activeCell.model.sharedModel.setSource(line);
      return notebook.activeCell;
    };

    /** Run a line in the cell below; where the kernel is a fresh one, k8snb is loaded first. */
    const runBelow = async (node, line) => {
      const place = placeOf(node);
      if (!place) return;
      const below = putBelow(place, line);
      const executed = await executedBy(place.panel);
      if (executed !== undefined) below.model.sharedModel.setSource(executed ? line : `${LOAD}\n${line}`);
      await runCell(place.panel, place.panel.content.widgets.indexOf(below));
    };

    const interrupt = node => placeOf(node)?.panel.sessionContext.session?.kernel?.interrupt();

    /* What is added for each kind of output; `told` may come from a notebook of anyone: names are checked. */

    const card = ({ step, anew }) => {
      if (!NAME.test(step)) return null;
      /* The card is of the cell as it was executed. One that was edited since, or whose values are others now, is executed
       * first; one of another kernel after the cells above, which make what it reads. */
      const runStep = async (node, line) => {
        const place = placeOf(node);
        if (!place) return;
        const { panel } = place;
        const own = panel.content.widgets[place.cell];
        const below = putBelow(place, line);
        const executed = await executedBy(panel);
        const isKnown = executed === undefined || executed?.has(`step:${step}`);
        if (!isKnown && !(await runAbove(panel, own, executed))) return;
        if (!isKnown || anew || own.model.isDirty) {
          if (!(await runCell(panel, panel.content.widgets.indexOf(own)))) return;
        }
        await runCell(panel, panel.content.widgets.indexOf(below));
      };
      const runs = { Run: `%k8s_run ${step} --reuse`, 'Run with what it needs': `%k8s_run ${step}` };
      const buttons = Object.entries(runs).map(([label, line]) => {
        const title = `${line}; in a fresh kernel the cells above run first`;
        const made = button(label, title, event => runStep(event.target, line));
        made.setAttribute('aria-label', `${label}: ${step}`);
        return made;
      });
      return bar(buttons);
    };

    const cancel = () =>
      button('Cancel', 'interrupts the kernel, which ends what runs', event => interrupt(event.target));

    const ENDING = ['restarting', 'autorestarting', 'terminating', 'dead'];

    /** Buttons of a run that goes on. Its view hears no more of it where the kernel has ended since, and in a page that is
     * opened later. */
    const going = (run, widget) => {
      const cancelling = cancel();
      const buttons = element('span', {}, [cancelling]);
      let left = '';
      const leave = when => {
        if (left) return;
        left = when;
        const line = `%k8s_runs ${run}`;
        const show = button('Show how it went', line, event => runBelow(event.target, line));
        buttons.append(show, element('span', { textContent: `above: as it was when ${when}` }));
      };
      widget.heard = status => {
        if (ENDING.includes(status)) leave('the kernel ended');
        if (left) cancelling.hidden = ENDING.includes(status) || status === 'idle';
      };
      widget.placed = () => {
        const { panel, cell } = placeOf(widget.node) ?? {};
        if (!panel || !NAME.test(run)) return;
        widget.placed = null;
        widget.listen(panel.sessionContext);
        if (panel.content.widgets[cell].model.executionState !== 'idle') return;
        leave('the notebook was saved');
        widget.heard(panel.sessionContext.session?.kernel?.status);
      };
      return buttons;
    };

    const run = ({ run: name, live }, widget) => live && bar([going(name, widget)]);

    const log = ({ step, run, live }) => {
      if (live || !NAME.test(step) || !NAME.test(run)) return null;
      const logs = `%k8s_logs ${step} --run ${run}`;
      const pattern = field(`search the log of ${step}`, { type: 'search', placeholder: 'search the log', size: 18 });
      const search = event => {
        const word = pattern.value && quoted(pattern.value);
        if (word) runBelow(event.target, `${logs} --grep ${word}`);
      };
      pattern.addEventListener('keydown', event => {
        if (event.key === 'Enter') search(event);
      });
      const save = `${logs} --save ${step}.log`;
      return bar([
        pattern,
        ' ',
        button('Search', `${logs} --grep`, search),
        button('Save', save, event => runBelow(event.target, save)),
      ]);
    };

    /** Stacks: one is chosen, or a new one is described; both become the line that does it. */
    const stacks = ({ stacks: names, active, contexts, live }) => {
      if (live || ![names, contexts].every(Array.isArray)) return null;
      const others = names.filter(name => NAME.test(name) && name !== active);
      const choose = name => `%k8s_stack ${name}`;
      const uses = others.map(name => button(`Use ${name}`, choose(name), event => runBelow(event.target, choose(name))));
      return element('div', {}, [bar(uses), registration(contexts.filter(name => WORD.test(name)))]);
    };

    const registration = contexts => {
      const inputs = {
        '--register': field('name', { placeholder: 'prod', size: 10 }),
        '--context': choice('context', contexts),
        '--namespace': field('namespace', { placeholder: 'default', size: 12 }),
        '--artifact-store': field('artifact store', { placeholder: 's3://bucket/k8snb', size: 26 }),
        '--endpoint': field('endpoint of the store', { placeholder: "where it is not Amazon's", size: 22 }),
        '--registry': field('container registry', { placeholder: 'registry.example.org/ml', size: 26 }),
      };
      const labelOf = input => input.getAttribute('aria-label');
      const said = element('div', { role: 'alert' });
      const register = event => {
        const given = Object.entries(inputs).filter(([, input]) => input.value.trim());
        const wrong = given.find(([, input]) => !WORD.test(input.value.trim()));
        const needed = ['--register', '--context', '--artifact-store', '--registry'];
        const missing = needed.find(name => !inputs[name].value.trim());
        said.textContent = wrong
          ? `${labelOf(wrong[1])} cannot be ${wrong[1].value.trim()}`
          : missing
            ? `${labelOf(inputs[missing])} is missing${missing === '--context' ? ': the kubeconfig has none' : ''}`
            : '';
        if (said.textContent) return;
        const words = given.flatMap(([name, input]) => [name, input.value.trim()]);
        runBelow(event.target, ['%k8s_stack', '--orchestrator', 'kubernetes', ...words].join(' '));
      };
      const rows = Object.values(inputs).map(input => {
        const label = element('label', {}, [`${labelOf(input)} `, input]);
        label.style.cssText = 'display: inline-block; margin: 2px 14px 2px 0';
        return label;
      });
      const check = button('Check and register', '%k8s_stack --register', register);
      return element('details', {}, [element('summary', { textContent: 'Register a new one' }), bar([...rows, check, said])]);
    };

    /** Runs of the past: one is opened, or two are set side by side. */
    const runs = ({ runs: ids, stack }) => {
      const names = Array.isArray(ids) ? ids.filter(id => typeof id === 'string' && NAME.test(id)) : [];
      if (!names.length || (stack && !NAME.test(stack))) return null;
      const one = choice('run', names);
      const other = choice('run to compare it with', names);
      other.selectedIndex = 1;
      const show = (node, ...words) => runBelow(node, ['%k8s_runs', ...words, ...(stack ? ['--stack', stack] : [])].join(' '));
      const open = button('Open', '%k8s_runs RUN', event => show(event.target, one.value));
      const compare = button('Compare with', '%k8s_runs RUN OTHER', event => show(event.target, ...[one.value, other.value].sort()));
      return bar(names.length > 1 ? [one, ' ', open, compare, other] : [one, ' ', open]);
    };

    /** A step's line opens and closes what the step has shown: the outputs up to the next line. */
    const step = ({ step: name, run: of, live }, widget) => {
      if (!NAME.test(name)) return null;
      const toggle = element('button', { type: 'button' });
      toggle.style.cssText = 'font: inherit; color: inherit; background: none; border: none; padding: 0 6px 0 0; cursor: pointer';
      toggle.setAttribute('aria-label', `output of ${name}`);
      const show = () => {
        toggle.textContent = widget.folded ? '▸' : '▾';
        toggle.setAttribute('aria-expanded', String(!widget.folded));
        const own = widget.node.closest('.jp-OutputArea-child');
        for (let next = own?.nextElementSibling; next && !next.querySelector('[data-k8snb=step]'); next = next.nextElementSibling) {
          next.style.display = widget.folded ? 'none' : '';
        }
      };
      toggle.onclick = () => {
        widget.folded = !widget.folded;
        show();
      };
      show();
      return live ? element('span', {}, [going(of, widget), toggle]) : toggle;
    };

    const ADDED = { card, run, log, step, stacks, runs };

    class Shown extends Widget {
      constructor(options) {
        super();
        this.folded = false;
        this.placed = null; // what is done when it is in the page
        this.heard = null; // and when the kernel comes into a state
        this.context = null;
        this.sanitizer = options.sanitizer;
        this.addClass('jp-RenderedHTMLCommon');
        this.addClass('jp-RenderedHTML');
      }

      onAfterAttach() {
        this.placed?.();
      }

      listen(context) {
        if (this.context) return;
        this.context = context;
        context.statusChanged.connect(this.onStatus, this);
      }

      onStatus(_, status) {
        this.heard?.(status);
      }

      dispose() {
        this.context?.statusChanged.disconnect(this.onStatus, this);
        super.dispose();
      }

      async renderModel(model) {
        this.placed = this.heard = null;
        const told = model.data[MIME];
        const html = model.data['text/html'];
        const content = element('div');
        content.innerHTML = this.sanitizer.sanitize(Array.isArray(html) ? html.join('') : String(html ?? ''));
        const inside = this.node.contains(document.activeElement) ? document.activeElement : null;
        const named = inside?.getAttribute('aria-label');
        this.node.replaceChildren(content);
        this.node.dataset.k8snb = String(told?.kind);
        const added = Object.hasOwn(ADDED, told?.kind) && ADDED[told.kind](told, this);
        if (!added) return;
        if (told.kind === 'step') {
          this.node.style.display = 'flex';
          this.node.style.alignItems = 'baseline';
          content.before(added);
        } else {
          content.after(added);
        }
        if (this.isAttached) this.placed?.();
        if (named) [...this.node.querySelectorAll('[aria-label]')].find(one => one.ariaLabel === named)?.focus();
      }
    }

    return {
      id: 'k8snb:plugin',
      description: 'Buttons beside what k8snb shows.',
      autoStart: true,
      requires: [IRenderMimeRegistry],
      optional: [INotebookTracker],
      activate: (app, rendermime, notebooks) => {
        tracker = notebooks;
        addColours();
        const createRenderer = options => new Shown(options);
        rendermime.addFactory({ safe: true, mimeTypes: [MIME], createRenderer }, RANK);
      },
    };
  };

  const container = {
    init: scope => {
      shared = scope;
    },
    get: async () => {
      const needed = ['@lumino/widgets', '@jupyterlab/notebook', '@jupyterlab/rendermime'];
      const plugin = makePlugin(...(await Promise.all(needed.map(shareOf))));
      return () => ({ __esModule: true, default: plugin });
    },
  };
  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB.k8snb = container;
})();
