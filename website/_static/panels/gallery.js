// Generation gallery: digits from the prior, with a temperature.
(function (B) {
  "use strict";
  const COUNT = 24;

  B.panel("gallery", function (root) {
    const { el } = B, { betas } = B.data.betas, models = B.data.betas.models.map((data) => new B.Coder(data)), latents = models[0].latent;
    let index = betas.indexOf(1), temperature = 1, seed = 1;

    const sheet = B.sheet("bn-sheet", ""), readout = B.readout();
    const heat = B.slider({ label: "Temperature", min: 0, max: 2.5, step: 0.05, value: 1, format: (v) => B.fixed(v, 2), change: (v) => { temperature = v; refresh(); } });
    const options = Object.fromEntries(betas.map((beta, i) => [i, beta === 1 ? "1 (the ELBO)" : beta === betas[0] ? `${beta} (nearly an autoencoder)` : String(beta)]));
    const model = B.select({ label: "VAE trained with beta", options, value: index, change: (key) => { index = Number(key); refresh(); } });
    root.append(
      el("div", { class: "bn-row" }, heat.node, model.node),
      el("div", { class: "bn-buttons" }, B.button("Sample again", () => { seed++; refresh(); }, true), B.button("Back to the first", () => { seed = 1; refresh(); })),
      sheet.canvas, readout);

    const codes = () => B.normals(seed, 0, COUNT * latents).map((value) => temperature * value);

    function refresh() {
      const z = codes();
      let length = 0;
      for (let r = 0; r < COUNT; r++) length += Math.sqrt(z.slice(r * latents, (r + 1) * latents).reduce((sum, value) => sum + value * value, 0)) / COUNT;
      sheet.show(models[index].decode(z, COUNT), 8, `twenty-four digits sampled at temperature ${B.fixed(temperature, 2)}, seed ${seed}`);
      readout.replaceChildren(`seed ${seed}; mean length of the codes `, el("strong", {}, B.fixed(length, 2)), ` (the prior's own: 2.74)`);
    }

    refresh();
    return { redraw: () => sheet.draw(), state: () => ({ seed, temperature, beta: betas[index], codes: Array.from(codes()), pixels: Array.from(models[index].decode(codes(), COUNT)) }) };
  });
})(Bottleneck);
