((view, words) => {
  const find = root => {
    for (const element of root.querySelectorAll('*')) {
      const found = element.matches(`[data-k8snb-facets="${view.id}"]:not([data-claimed])`) ? element : element.shadowRoot && find(element.shadowRoot);
      if (found) return found;
    }
  };
  const host = (document.currentScript && find(document.currentScript.parentNode)) || find(document);
  if (!host) return;
  host.dataset.claimed = '';
  const shared = (window.k8snbFacets ??= {});
  const unpack = async text => {
    const packed = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
    return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
  };
  const line = document.createElement('div');
  line.style.opacity = 0.7;
  const say = text => {
    line.textContent = text;
    text ? host.append(line) : line.remove();
  };
  const embedded = () => new Promise(found => {
    const look = () => shared.packed && found(shared.html ??= unpack(shared.packed));
    addEventListener('k8snb-facets', look);
    look();
  });
  const served = async config => {
    const { baseUrl, token } = JSON.parse(config.textContent);
    const xsrf = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie);
    const headers = { ...(token && { Authorization: `token ${token}` }), ...(xsrf && { 'X-XSRFToken': xsrf[1] }) };
    const answer = await fetch(`${baseUrl}k8snb/facets`, { headers });
    if (!answer.ok) throw answer.status;
    return answer.text();
  };
  const bundle = () => {
    const config = document.getElementById('jupyter-config-data');
    if (shared.packed || !config) {
      setTimeout(() => host.dataset.drawn ?? say(shared.packed ? '' : words.embed), 1000);
      return embedded();
    }
    shared.html ??= served(config);
    return shared.html.catch(status => {
      delete shared.html;
      say(status === 404 ? words.install : `${words.failed} (${status})`);
      return embedded();
    });
  };
  const draw = async () => {
    const html = await bundle();
    const data = JSON.stringify(view).replaceAll('<', '\\u003c');
    const frame = document.createElement('iframe');
    const around = document.createElement('div');
    let height = 1;
    const fit = () => {
      const scale = Math.max(0.5, Math.min(1, around.clientWidth / 920));
      frame.style.width = `${100 / scale}%`;
      frame.style.height = `${height}px`;
      frame.style.transform = `scale(${scale})`;
      around.style.height = `${Math.ceil(height * scale)}px`;
    };
    const table = host.querySelector('table');
    const hear = data => {
      if (data.failed) say(`${words.failed} (${data.failed})`);
      if (!(data.height > 0)) return;
      height = Math.min(data.height, 4000);
      fit();
      if ('drawn' in host.dataset) return;
      host.dataset.drawn = '';
      say('');
      if (!table) return;
      const details = document.createElement('details');
      const summary = document.createElement('summary');
      summary.textContent = words.table;
      table.replaceWith(details);
      details.append(summary, table);
    };
    if (!shared.frames) {
      shared.frames = new WeakMap();
      addEventListener('message', ({ source, data }) => source && data?.k8snb === 'facets' && shared.frames.get(source)?.(data));
    }
    const listen = () => frame.contentWindow && shared.frames.set(frame.contentWindow, hear);
    Object.assign(frame, { title: words.title, tabIndex: 0, sandbox: 'allow-scripts' });
    frame.style.cssText = 'display: block; border: 0; background: #fff; color-scheme: light; transform-origin: 0 0';
    around.style.overflow = 'hidden';
    around.append(frame);
    frame.srcdoc = `${html}<script>k8snb(${data})</script>`;
    frame.addEventListener('load', listen);
    table ? table.before(around) : host.append(around);
    fit();
    listen();
    new ResizeObserver(fit).observe(around);
  };
  new IntersectionObserver((entries, observer) => {
    if (!entries.some(entry => entry.isIntersecting)) return;
    observer.disconnect();
    draw().catch(error => say(`${words.failed} (${error})`));
  }, { rootMargin: '1000px' }).observe(host);
})
