"use strict";
// Draws the forecast as SVG from the JSON in the page: a band for the interval, a line for the
// prediction. Redrawn when the width changes; read with the pointer or the arrow keys.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const chart = document.getElementById("chart");
  const reading = document.getElementById("reading");
  if (!data || !chart) return;

  const hours = data.hours;
  const margin = { top: 14, right: 10, bottom: 38, left: 40 };
  let selected = null;
  let move = () => {};

  const node = (name, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    return made;
  };

  // Steps of 1, 2 or 5 times a power of ten, about `count` of them.
  const stepOf = (top, count) => {
    const rough = top / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  };

  const clockUtc = (iso) => iso.slice(11, 16);
  const clockHere = (iso) =>
    new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

  const draw = () => {
    const width = chart.clientWidth;
    const height = chart.clientHeight;
    const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
    const highest = Math.max(data.threshold, data.guideline ?? 0, ...hours.map((hour) => hour.upper));
    const step = stepOf(highest * 1.05, 5);
    const top = Math.ceil((highest * 1.05) / step) * step;
    const x = (index) => margin.left + (index / (hours.length - 1)) * inner.width;
    const y = (value) => margin.top + (1 - value / top) * inner.height;
    const path = (points) => "M" + points.map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join("L");

    const svg = node("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    for (let value = 0; value <= top + step / 2; value += step) {
      svg.append(node("line", { class: "grid", x1: margin.left, x2: width - margin.right, y1: y(value), y2: y(value) }));
      const label = String(Number(value.toPrecision(6)));
      svg.append(node("text", { x: margin.left - 8, y: y(value) + 4, "text-anchor": "end" }, label));
    }
    const every = inner.width < 420 ? 6 : 3;
    hours.forEach((hour, index) => {
      if (index % every) return;
      svg.append(node("text", { x: x(index), y: height - margin.bottom + 18, "text-anchor": "middle" }, clockUtc(hour.valid_time)));
    });
    svg.append(node("text", { x: width - margin.right, y: height - 4, "text-anchor": "end" }, "hour, UTC"));

    const above = hours.map((hour, index) => [x(index), y(hour.upper)]);
    const below = hours.map((hour, index) => [x(index), y(hour.lower)]).reverse();
    svg.append(node("path", { class: "band", d: `${path(above.concat(below))}Z` }));
    for (const kind of ["guideline", "threshold"]) {
      if (kind === "guideline" && (data.guideline === null || data.guideline === data.threshold)) continue;
      svg.append(node("line", { class: kind, x1: margin.left, x2: width - margin.right, y1: y(data[kind]), y2: y(data[kind]) }));
    }
    svg.append(node("path", { class: "curve", d: path(hours.map((hour, index) => [x(index), y(hour.prediction)])) }));
    const cursor = node("line", { class: "cursor", y1: margin.top, y2: height - margin.bottom, visibility: "hidden" });
    const dot = node("circle", { class: "dot", r: 5, visibility: "hidden" });
    svg.append(cursor, dot);
    chart.replaceChildren(svg);

    move = (index) => {
      selected = Math.max(0, Math.min(hours.length - 1, index));
      const hour = hours[selected];
      cursor.setAttribute("x1", x(selected));
      cursor.setAttribute("x2", x(selected));
      dot.setAttribute("cx", x(selected));
      dot.setAttribute("cy", y(hour.prediction));
      for (const part of [cursor, dot]) part.setAttribute("visibility", "visible");
      reading.textContent =
        `${clockUtc(hour.valid_time)} UTC (${clockHere(hour.valid_time)} your time): ` +
        `${hour.prediction.toFixed(1)} ${data.unit}, ${hour.lower.toFixed(1)} to ${hour.upper.toFixed(1)}`;
    };
    chart.onpointermove = (event) => {
      const across = event.clientX - chart.getBoundingClientRect().left - margin.left;
      move(Math.round((across / inner.width) * (hours.length - 1)));
    };
    if (selected !== null) move(selected);
  };

  chart.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -24, End: 24 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    move((selected ?? 0) + steps[event.key]);
  });
  new ResizeObserver(draw).observe(chart);
  draw();
})();
