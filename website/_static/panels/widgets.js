// What the panels are built from: labelled controls, pictures of digits, colours of the theme.
(function (B) {
  "use strict";

  // Paul Tol's muted scheme as in the figures; lighter where it would drown on a dark ground.
  const CLASSES = {
    light: ["#332288", "#1f78a4", "#117733", "#8a7420", "#882255", "#2a8577", "#b04a5a", "#6f6f1c", "#993d89", "#555555"],
    dark: ["#a99cff", "#88ccee", "#6fd190", "#ddcc77", "#e487b5", "#5ed0bd", "#ee8c9a", "#c9c95a", "#dd8fd0", "#bbbbbb"],
  };

  B.theme = function () {
    const chosen = document.body.dataset.theme;
    const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    return dark
      ? { dark, ground: [24, 22, 36], ink: [236, 232, 255], line: "#8d88ad", faint: "#3f3a5c", text: "#d8d5e8", strong: "#b5a8ff", accent: "#7fd6a0", classes: CLASSES.dark }
      : { dark, ground: [248, 247, 255], ink: [40, 26, 110], line: "#6e6a85", faint: "#d5d0ea", text: "#2b2838", strong: "#332288", accent: "#117733", classes: CLASSES.light };
  };

  B.onThemeChange = function (redraw) {
    new MutationObserver(redraw).observe(document.body, { attributes: true, attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  };

  let serial = 0;
  B.newId = () => `bn-${++serial}`;

  // An element: el("p", {class: "x", onclick: f}, "text", child, ...)
  B.el = function (tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  const el = B.el;

  // A labelled range; .value, .set(number), .node
  B.slider = function ({ label, min, max, step, value, format = String, change }) {
    const id = B.newId(), shown = el("output", { for: id }), input = el("input", { type: "range", id, min, max, step, value });
    const show = () => {
      shown.textContent = format(Number(input.value));
      input.setAttribute("aria-valuetext", format(Number(input.value)));
    };
    input.addEventListener("input", () => { show(); change(Number(input.value)); });
    show();
    return {
      node: el("div", { class: "bn-control" }, el("div", { class: "bn-label" }, el("label", { for: id }, label), shown), input),
      input,
      get value() { return Number(input.value); },
      set(number) { input.value = number; show(); },
      limits(low, high, size) { input.min = low; input.max = high; input.step = size; show(); },
    };
  };

  // One of a few, side by side; options: {value: text}
  B.choice = function ({ label, options, value, change }) {
    const name = B.newId(), inputs = {};
    const set = el("fieldset", { class: "bn-control" }, el("legend", {}, label));
    const row = el("div", { class: "bn-choices" });
    for (const [key, text] of Object.entries(options)) {
      const input = el("input", { type: "radio", name, value: key, checked: key === value, onchange: () => change(key) });
      inputs[key] = input;
      row.append(el("label", { class: "bn-choice" }, input, el("span", {}, text)));
    }
    set.append(row);
    return { node: set, get value() { return Object.keys(inputs).find((key) => inputs[key].checked); } };
  };

  // One of many; options: {value: text}
  B.select = function ({ label, options, value, change }) {
    const id = B.newId(), box = el("select", { id, onchange: () => change(box.value) });
    for (const [key, text] of Object.entries(options)) box.append(el("option", { value: key, selected: key === String(value) }, text));
    return { node: el("div", { class: "bn-control" }, el("div", { class: "bn-label" }, el("label", { for: id }, label)), box), box, get value() { return box.value; } };
  };

  B.button = (text, press, main) => el("button", { type: "button", class: main ? "bn-main" : null, onclick: press }, text);

  B.checkbox = function ({ label, checked, change }) {
    const input = el("input", { type: "checkbox", checked, onchange: () => change(input.checked) });
    return { node: el("label", { class: "bn-check" }, input, label), get value() { return input.checked; } };
  };

  // A line that is read out when it changes.
  B.readout = () => el("p", { class: "bn-readout", role: "status", "aria-live": "polite" });

  // A canvas that shows pixels; .show(pixels, columns, alt) lays n digits of 8x8 out with a gap of one pixel.
  B.sheet = function (className, label) {
    const canvas = el("canvas", { class: className, role: "img", "aria-label": label });
    let last = null;
    const draw = () => {
      if (!last) return;
      const { pixels, columns } = last, n = pixels.length / 64, rows = Math.ceil(n / columns), { ground, ink } = B.theme();
      canvas.width = columns * 9 - 1;
      canvas.height = rows * 9 - 1;
      const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height);
      for (let d = 0; d < n; d++) {
        for (let p = 0; p < 64; p++) {
          const at = 4 * ((Math.floor(d / columns) * 9 + (p >> 3)) * canvas.width + (d % columns) * 9 + (p & 7)), value = Math.min(1, Math.max(0, pixels[64 * d + p]));
          for (let c = 0; c < 3; c++) image.data[at + c] = Math.round(ground[c] + (ink[c] - ground[c]) * value);
          image.data[at + 3] = 255;
        }
      }
      context.putImageData(image, 0, 0);
    };
    return {
      canvas,
      draw,
      show(pixels, columns, alt) {
        last = { pixels, columns };
        if (alt) canvas.setAttribute("aria-label", alt);
        draw();
      },
    };
  };

  // A canvas as sharp as the screen; returns its context and its size in CSS pixels.
  B.sharp = function (canvas) {
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth || 300, height = canvas.clientHeight || 300;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return { context, width, height };
  };

  // Test digits: pixels in [0, 1], labels.
  B.digits = function () {
    const images = B.unpack(B.data.digits.images), labels = B.unpack(B.data.digits.labels);
    return { n: images.shape[0], pixels: images.values.map((value) => value / 16), labels: labels.values, at(i) { return this.pixels.slice(64 * i, 64 * i + 64); } };
  };

  // The first n test digits of a class, by their place.
  B.ofClass = (digits, label, n) => Array.from(digits.labels.keys()).filter((i) => digits.labels[i] === label).slice(0, n);

  B.rows = function (...pictures) {
    const all = new Float64Array(pictures.reduce((sum, picture) => sum + picture.length, 0));
    let at = 0;
    for (const picture of pictures) { all.set(picture, at); at += picture.length; }
    return all;
  };

  // A number with a true minus sign.
  B.fixed = (value, places) => value.toFixed(places).replace("-", "\u2212");

  // Build a panel into its place, keep its interface for tests, redraw on a change of theme or size.
  B.panel = function (name, build) {
    const root = document.getElementById(`panel-${name}`), api = build(root);
    B.panels[name] = api;
    let width = root.clientWidth;
    B.onThemeChange(() => api.redraw());
    window.addEventListener("resize", () => { if (root.clientWidth !== width) { width = root.clientWidth; api.redraw(); } });
    api.redraw();
    if (document.fonts) document.fonts.ready.then(() => api.redraw());
    root.dataset.ready = "yes";
  };
})(Bottleneck);
