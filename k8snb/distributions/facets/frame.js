// In the frame: draws a view and tells the page around it how high it is.
async function k8snb(view) {
  const tell = message => parent.postMessage({ k8snb: 'facets', ...message }, '*');
  try {
    const packed = Uint8Array.from(atob(view.data), letter => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const element = document.createElement(view.kind === 'dive' ? 'facets-dive' : 'facets-overview');
    style(document.head, `
      html, body { background: #fff; color-scheme: light; height: auto !important; margin: 0 }
      body { padding-bottom: 12px; overflow-y: hidden }`);
    document.body.append(element);
    if (view.kind === 'dive') {
      const { names, columns } = JSON.parse(new TextDecoder().decode(bytes));
      element.data = columns[0].map((_, row) => Object.fromEntries(
        names.map((name, i) => [name, columns[i][row]]).filter(([, value]) => value !== null)));
      element.height = 680;
      requestAnimationFrame(() => Object.assign(element, view.shown));  // it chooses some by itself when it gets data
    } else {
      style(element.shadowRoot, '.table-holder { margin-left: 8px !important } .legend-holder { margin-left: 16px !important }');
      let text = '';
      for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
      element.protoInput = btoa(text);
    }
    if (view.shown.percent) {
      requestAnimationFrame(() => element.shadowRoot.querySelectorAll('facets-overview-table').forEach(table => table.set('_showPercentage', true)));
    }
    const measure = () => tell({ height: Math.ceil(document.body.getBoundingClientRect().height) });
    requestAnimationFrame(() => new ResizeObserver(measure).observe(document.body));
  } catch (error) {
    tell({ failed: String(error) });
  }
  function style(root, rules) {
    const made = document.createElement('style');
    made.textContent = rules;
    root.append(made);
  }
}
