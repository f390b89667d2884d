// Values under the pointer and zoom, for charts that are complete without this script. It reads the values from the page's own data,
// moves what is drawn, and redraws only the marks of time. It loads nothing and stores nothing.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('run-data').textContent);
  const tooltip = document.getElementById('tooltip');
  document.documentElement.classList.add('js');

  // Numbers, as the report itself writes them.
  const fixed = (value, digits) => value.toFixed(digits).replace(/\.?0+$/, '');
  const decimal = (value) => {
    const size = Math.abs(value);
    if (size < 0.0005) return '0';
    if (size < 0.995) return fixed(value, 2);
    if (size < 99.95) return fixed(value, 1);
    return Math.round(value).toLocaleString('en-US');
  };
  const duration = (seconds) => {
    if (seconds <= 0) return '0 s';
    if (seconds < 0.00995) return `${(seconds * 1000).toFixed(1)} ms`;
    if (seconds < 0.9995) return `${(seconds * 1000).toFixed(0)} ms`;
    if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
    const [unit, large, small] = seconds < 3599.5 ? [1, 'min', 's'] : [60, 'h', 'min'];
    const whole = Math.round(seconds / unit);
    const rest = whole % 60;
    return `${Math.floor(whole / 60)} ${large}${rest ? ` ${rest} ${small}` : ''}`;
  };
  const clock = (seconds) => {
    const tenths = Math.round(seconds * 10);
    const whole = Math.floor(tenths / 10);
    const two = (n) => String(n).padStart(2, '0');
    const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    const fraction = tenths % 10 ? `.${tenths % 10}` : '';
    return (h ? `${h}:${two(m)}` : `${m}`) + `:${two(s)}${fraction}`;
  };
  const written = { rate: (v) => `${decimal(v)} /s`, count: decimal, duration };

  const SVG = 'http://www.w3.org/2000/svg';
  const shape = (name, attributes, parent) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  };

  // One drawing of a chart: a chart has one for each width, and only one of them is visible.
  const drawing = (svg) => {
    const plot = svg.querySelector('.data');
    const [x, y, width, height] = svg.dataset.plot.split(' ').map(Number);
    const ticks = svg.querySelector('.ticks-x');
    const labels = svg.querySelector('.band-labels');
    return { svg, plot, ticks, labels, x, y, width, height, overlay: shape('g', { 'aria-hidden': 'true' }, svg) };
  };
  const visible = (chart) => chart.drawings.find(({ svg }) => svg.getBoundingClientRect().width > 0);

  // Where a pointer is inside the plot, 0 to 1 from left to right.
  const share = (chart, clientX) => {
    const drawn = visible(chart);
    const box = drawn.svg.getBoundingClientRect();
    const scale = box.width / drawn.svg.viewBox.baseVal.width;
    return Math.min(1, Math.max(0, ((clientX - box.left) / scale - drawn.x) / drawn.width));
  };

  // A cursor at `place` (0 to 1), and a dot on each line that has a value there.
  const mark = (chart, place, dots) => {
    const drawn = visible(chart);
    if (!drawn) return;
    const x = drawn.x + place * drawn.width;
    drawn.overlay.replaceChildren();
    shape('line', { class: 'cursor', x1: x, x2: x, y1: drawn.y, y2: drawn.y + drawn.height }, drawn.overlay);
    for (const { ink, height } of dots) {
      const y = drawn.y + (1 - Math.min(1, height)) * drawn.height;
      shape('circle', { class: `dot s${ink}`, cx: x, cy: y, r: 3.5 }, drawn.overlay);
    }
  };
  const unmark = (chart) => chart.drawings.forEach(({ overlay }) => overlay.replaceChildren());

  const show = (chart, place, title, during, rows) => {
    const drawn = visible(chart);
    if (!drawn) return;
    const line = (name, text) => {
      const element = document.createElement('div');
      element.className = name;
      if (text !== undefined) element.textContent = text;
      return element;
    };
    tooltip.replaceChildren(line('when', title));
    during.forEach((name) => tooltip.append(line('during', name)));
    for (const { ink, label, value } of rows) {
      const row = line('row');
      const name = document.createElement('span');
      const swatch = document.createElement('i');
      swatch.className = `swatch line s${ink}`;
      name.append(swatch, label);
      const number = document.createElement('b');
      number.textContent = value;
      row.append(name, number);
      tooltip.append(row);
    }
    tooltip.hidden = false;
    const box = drawn.svg.getBoundingClientRect();
    const scale = box.width / drawn.svg.viewBox.baseVal.width;
    const at = box.left + (drawn.x + place * drawn.width) * scale;
    const size = tooltip.getBoundingClientRect();
    const beside = at + 14 + size.width < document.documentElement.clientWidth ? at + 14 : at - 14 - size.width;
    const left = Math.max(4, beside);
    const top = Math.min(Math.max(4, box.top + drawn.y * scale), window.innerHeight - size.height - 4);
    tooltip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  };
  const hide = () => { tooltip.hidden = true; };
  // What the tooltip shows, said aloud: only for who moves by keyboard, since a pointer moves too fast to be read to.
  const speak = () => {
    const lines = [...tooltip.children].map((line) => [...line.children].map((part) => part.textContent).join(' ') || line.textContent);
    document.getElementById('spoken').textContent = tooltip.hidden ? '' : lines.join(', ');
  };

  // The number in `values` that is nearest to `wanted`, by halving.
  const nearest = (values, wanted) => {
    let [low, high] = [0, values.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (values[middle] <= wanted) low = middle; else high = middle;
    }
    return Math.abs(values[high] - wanted) < Math.abs(values[low] - wanted) ? high : low;
  };

  const makeChart = (figure) => {
    const element = figure.querySelector('.chart');
    element.tabIndex = 0;
    element.setAttribute('role', 'group');
    element.setAttribute('aria-label', figure.querySelector('.panel-title').textContent);
    return { element, drawings: [...element.querySelectorAll('.plot')].map(drawing) };
  };

  const timeCharts = (time) => {
    const charts = time.panels
      .map((panel) => ({ panel, figure: document.querySelector(`[data-panel="${panel.id}"]`) }))
      .map(({ panel, figure }) => ({ ...makeChart(figure), panel }));
    const whole = { from: time.from, until: time.until };
    const reset = document.getElementById('reset-zoom');
    document.querySelector('.hint').hidden = false;
    let view = whole;
    let cursor = null;

    const placeOf = (at) => (at - view.from) / (view.until - view.from);
    const timeAt = (place) => view.from + place * (view.until - view.from);

    const redraw = () => {
      reset.hidden = view === whole;
      for (const chart of charts) for (const drawn of chart.drawings) stretch(drawn);
    };
    const stretch = (drawn) => {
      const { plot, x, width } = drawn;
      const scale = width / (whole.until - whole.from);
      const left = x + (view.from - whole.from) * scale;
      const { y, height } = plot.viewBox.baseVal;
      plot.setAttribute('viewBox', `${left} ${y} ${(view.until - view.from) * scale} ${height}`);
      const wanted = (view.until - view.from) / Math.floor(drawn.svg.viewBox.baseVal.width / 90);
      const step = data.time_steps.find((s) => s >= wanted) ?? data.time_steps.at(-1);
      const pattern = drawn.ticks.querySelector('text');
      if (!pattern) return;
      const texts = [];
      for (let n = Math.ceil(view.from / step - 1e-9); n * step <= view.until + step * 1e-6; n += 1) {
        const text = pattern.cloneNode();
        text.setAttribute('x', x + placeOf(n * step) * width);
        text.textContent = clock(n * step);
        texts.push(text);
      }
      drawn.ticks.replaceChildren(...texts);
      const named = drawn.labels.querySelector('text');
      if (!named) return;
      const names = [];
      let free = -Infinity;
      data.incidents.forEach(({ name, from, until }, index) => {
        const left = Math.max(0, placeOf(from)) * width;
        const right = Math.min(1, placeOf(until)) * width;
        if (left > right || left < free) return;
        const full = `${index + 1} ${name}`;
        const label = named.cloneNode();
        const long = (text) => (text.length + 1) * 7;
        label.textContent = long(full) <= right - left ? full : `${index + 1}`;
        label.setAttribute('x', x + left);
        free = left + long(label.textContent);
        names.push(label);
      });
      if (names.length) drawn.labels.replaceChildren(...names);
    };
    // Never less than three samples wide: closer there is nothing to see.
    const zoom = (from, until) => {
      const least = 3 * (whole.until - whole.from) / Math.max(3, time.at.length);
      const middle = (from + until) / 2;
      if (until - from < least) [from, until] = [middle - least / 2, middle + least / 2];
      from = Math.max(whole.from, from);
      until = Math.min(whole.until, until);
      const all = until - from >= (whole.until - whole.from) * 0.999;
      view = all ? whole : { from, until };
      redraw();
      clear();
    };

    const point = (chart, index) => {
      cursor = index;
      const at = time.at[index];
      const place = placeOf(at);
      if (place < 0 || place > 1) { clear(); return; }
      for (const other of charts) {
        const { highest, lines } = other.panel;
        const dots = lines
          .filter(({ values }) => values[index] !== null)
          .map(({ ink, values }) => ({ ink, height: values[index] / highest }));
        mark(other, place, dots);
      }
      const during = data.incidents.filter(({ from, until }) => from <= at && at <= until).map(({ name }) => name);
      const rows = chart.panel.lines.map(({ ink, label, values }) => ({
        ink,
        label,
        value: values[index] === null ? '–' : written[chart.panel.unit](values[index]),
      }));
      show(chart, place, clock(at), during, rows);
    };
    const clear = () => {
      cursor = null;
      charts.forEach(unmark);
      hide();
    };

    for (const chart of charts) {
      const { element } = chart;
      let start = null;
      const select = (place) => {
        const drawn = visible(chart);
        drawn.overlay.querySelector('.selection')?.remove();
        const [low, high] = [Math.min(start, place), Math.max(start, place)];
        shape('rect', {
          class: 'selection',
          x: drawn.x + low * drawn.width,
          y: drawn.y,
          width: (high - low) * drawn.width,
          height: drawn.height,
        }, drawn.overlay);
      };
      element.addEventListener('pointerdown', (event) => {
        // A finger scrolls and points; only a mouse or pen selects.
        if (event.button !== 0 || event.pointerType === 'touch') return;
        start = share(chart, event.clientX);
        element.setPointerCapture(event.pointerId);
        event.preventDefault();
      });
      element.addEventListener('pointermove', (event) => {
        const place = share(chart, event.clientX);
        point(chart, nearest(time.at, timeAt(place)));
        if (start !== null) select(place);
      });
      element.addEventListener('pointerup', (event) => {
        if (start === null) return;
        const [low, high] = [start, share(chart, event.clientX)].sort((a, b) => a - b);
        start = null;
        if (high - low > 0.01) zoom(timeAt(low), timeAt(high));
      });
      element.addEventListener('pointercancel', () => { start = null; clear(); });
      element.addEventListener('pointerleave', () => { if (start === null) clear(); });
      element.addEventListener('dblclick', () => zoom(whole.from, whole.until));
      element.addEventListener('blur', clear);
      element.addEventListener('keydown', (event) => {
        const last = time.at.length - 1;
        const here = cursor ?? nearest(time.at, (view.from + view.until) / 2);
        const first = nearest(time.at, view.from);
        const end = nearest(time.at, view.until);
        const moves = { ArrowLeft: Math.max(0, here - 1), ArrowRight: Math.min(last, here + 1), Home: first, End: end };
        const factors = { '+': 0.5, '=': 0.5, '-': 2 };
        if (event.key in moves) {
          point(chart, moves[event.key]);
          speak();
        } else if (event.key in factors) {
          const half = (view.until - view.from) * factors[event.key] / 2;
          zoom(time.at[here] - half, time.at[here] + half);
          point(chart, here);
        } else if (event.key === 'Escape') {
          zoom(whole.from, whole.until);
        } else {
          return;
        }
        event.preventDefault();
      });
    }
    reset.addEventListener('click', () => zoom(whole.from, whole.until));
  };

  const percentileChart = (percentiles) => {
    const chart = makeChart(document.getElementById('percentile-panel'));
    const places = [...new Set(percentiles.lines.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
    let cursor = 0;
    const point = (index) => {
      cursor = index;
      const at = places[index];
      const percentile = 100 * (1 - 10 ** -at);
      const values = percentiles.lines
        .map(({ ink, label, points }) => ({ ink, label, seconds: points.find(([x]) => x >= at - 1e-9)?.[2] }))
        .filter(({ seconds }) => seconds !== undefined);
      mark(chart, at / percentiles.until, values.map(({ ink, seconds }) => ({ ink, height: seconds / percentiles.highest })));
      const rows = values.map(({ ink, label, seconds }) => ({ ink, label, value: duration(seconds) }));
      show(chart, at / percentiles.until, `${fixed(percentile, percentile < 99 ? 1 : 3)} % waited at most`, [], rows);
    };
    const clear = () => { unmark(chart); hide(); };
    const { element } = chart;
    element.addEventListener('pointermove', (event) => {
      point(nearest(places, share(chart, event.clientX) * percentiles.until));
    });
    element.addEventListener('pointerleave', clear);
    element.addEventListener('blur', clear);
    element.addEventListener('keydown', (event) => {
      const steps = { ArrowLeft: -1, ArrowRight: 1 };
      if (!(event.key in steps)) return;
      point(Math.min(places.length - 1, Math.max(0, cursor + steps[event.key])));
      speak();
      event.preventDefault();
    });
  };

  if (data.time) timeCharts(data.time);
  if (data.percentiles) percentileChart(data.percentiles);
  window.addEventListener('scroll', hide, { passive: true });

  // The contents show where the reader is.
  const links = new Map([...document.querySelectorAll('.contents a')].map((link) => [link.hash.slice(1), link]));
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      links.forEach((link) => link.removeAttribute('aria-current'));
      links.get(target.id)?.setAttribute('aria-current', 'true');
    }
  }, { rootMargin: '-20% 0px -70% 0px' });
  links.forEach((_, id) => { const section = document.getElementById(id); if (section) watcher.observe(section); });

  // For whoever checks the page in a browser: everything above ran.
  document.documentElement.dataset.script = 'ready';
})();
