// The arithmetic of the panels, in double precision. No page elements here: tests call these functions and compare them with torch.
var Bottleneck = { data: {}, panels: {} };

(function (B) {
  "use strict";

  const TYPES = { f4: Float32Array, u1: Uint8Array };

  // An array packed by website/panel_data.py: {shape, values}, values in double precision.
  B.unpack = function (packed) {
    const text = atob(packed.data);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return { shape: packed.shape, values: Float64Array.from(new TYPES[packed.type](bytes.buffer)) };
  };

  // ---- networks ----

  B.sigmoid = (x) => 1 / (1 + Math.exp(-x));
  B.silu = (x) => x / (1 + Math.exp(-x));

  function unpackLayer(layer) {
    const w = B.unpack(layer.w);
    return { w: w.values, b: B.unpack(layer.b).values, outputs: w.shape[0], inputs: w.shape[1] };
  }

  // y = x W^T + b for n rows
  B.linear = function (layer, x, n) {
    const { w, b, inputs, outputs } = layer;
    const y = new Float64Array(n * outputs);
    for (let r = 0; r < n; r++) {
      for (let o = 0; o < outputs; o++) {
        let sum = b[o];
        for (let i = 0, at = o * inputs, from = r * inputs; i < inputs; i++) sum += w[at + i] * x[from + i];
        y[r * outputs + o] = sum;
      }
    }
    return y;
  };

  B.mlp = function (layers, x, n) {
    layers.forEach((layer, i) => {
      x = B.linear(layer, x, n);
      if (i < layers.length - 1) x = x.map(B.silu);
    });
    return x;
  };

  // An autoencoder or VAE: website/models.py, Coder.
  B.Coder = class {
    constructor(data) {
      this.latent = data.latent;
      this.spread = data.spread;
      this.encoder = data.encoder.map(unpackLayer);
      this.decoder = data.decoder.map(unpackLayer);
    }

    encode(x, n) {
      const k = this.latent, out = B.mlp(this.encoder, x, n);
      if (!this.spread) return { mu: out, logvar: null };
      const mu = new Float64Array(n * k), logvar = new Float64Array(n * k);
      for (let r = 0; r < n; r++) {
        for (let i = 0; i < k; i++) {
          mu[r * k + i] = out[r * 2 * k + i];
          logvar[r * k + i] = out[r * 2 * k + k + i];
        }
      }
      return { mu, logvar };
    }

    logits(z, n) { return B.mlp(this.decoder, z, n); }

    decode(z, n) { return this.logits(z, n).map(B.sigmoid); }
  };

  // Means over the batch: distortion and rate in nats per image, and the rate of each latent (lecture 4, vae-loss).
  B.elboTerms = function (model, x, eps, n) {
    const k = model.latent, { mu, logvar } = model.encode(x, n);
    const rates = new Float64Array(k);
    for (let i = 0; i < mu.length; i++) rates[i % k] += (mu[i] * mu[i] + Math.exp(logvar[i]) - logvar[i] - 1) / 2 / n;
    const logits = model.logits(mu.map((m, i) => m + Math.exp(logvar[i] / 2) * eps[i]), n);
    let distortion = 0;
    for (let i = 0; i < logits.length; i++) distortion += (Math.max(logits[i], 0) - logits[i] * x[i] + Math.log1p(Math.exp(-Math.abs(logits[i])))) / n;
    return { distortion, rate: rates.reduce((a, b) => a + b, 0), rates };
  };

  // The network of the diffusion player: website/models.py, Denoiser.
  B.Denoiser = class {
    constructor(data) { this.layers = data.layers.map(unpackLayer); }

    velocity(x, angle, n) {
      const first = this.layers[0], last = this.layers[this.layers.length - 1];
      const features = (first.inputs - 64) / 2, input = new Float64Array(n * first.inputs);
      for (let r = 0; r < n; r++) {
        const at = r * first.inputs;
        for (let i = 0; i < 64; i++) input[at + i] = x[r * 64 + i];
        for (let i = 0; i < features; i++) {
          input[at + 64 + i] = Math.sin((i + 1) * angle);
          input[at + 64 + features + i] = Math.cos((i + 1) * angle);
        }
      }
      let h = B.linear(first, input, n).map(B.silu);
      for (const layer of this.layers.slice(1, -1)) {
        const more = B.linear(layer, h, n);
        h = h.map((value, i) => value + B.silu(more[i]));
      }
      return B.linear(last, h, n);
    }

    // The noise in x, and the clean picture that goes with it (cut to [-1, 1]; the noise then follows from the cut).
    predict(x, alphaBar, n) {
      const cos = Math.sqrt(alphaBar), sin = Math.sqrt(1 - alphaBar), v = this.velocity(x, Math.acos(cos), n);
      const clean = x.map((value, i) => Math.min(1, Math.max(-1, cos * value - sin * v[i])));
      return { clean, eps: x.map((value, i) => (value - cos * clean[i]) / sin) };
    }
  };

  // ---- paths between codes ----

  B.line = (a, b, s) => a.map((value, i) => (1 - s) * value + s * b[i]);

  // From a to b along an arc: the direction turns evenly, the length changes evenly (lecture 4, interpolation).
  B.arc = function (a, b, s) {
    const length = (v) => Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
    const la = length(a), lb = length(b);
    const cos = a.reduce((sum, value, i) => sum + value * b[i], 0) / (la * lb), turn = Math.acos(Math.min(1, Math.max(-1, cos)));
    if (!(turn > 1e-6) || turn > Math.PI - 1e-6) return B.line(a, b, s);
    const wa = Math.sin((1 - s) * turn) / Math.sin(turn), wb = Math.sin(s * turn) / Math.sin(turn), size = (1 - s) * la + s * lb;
    return a.map((value, i) => size * ((wa * value) / la + (wb * b[i]) / lb));
  };

  // ---- random numbers, the same on every machine ----

  // Uniform numbers in (0, 1) from a 32-bit seed (mulberry32).
  B.uniforms = function (seed) {
    let state = seed >>> 0;
    return function () {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
    };
  };

  // n standard normal numbers by Box and Muller; stream tells apart several draws under one seed.
  B.normals = function (seed, stream, n) {
    const next = B.uniforms(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)), out = new Float64Array(n);
    for (let i = 0; i < n; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(next())), angle = 2 * Math.PI * next();
      out[i] = radius * Math.cos(angle);
      if (i + 1 < n) out[i + 1] = radius * Math.sin(angle);
    }
    return out;
  };

  // ---- diffusion ----

  function linearAlphaBars(T) {
    const bars = [1];
    for (let t = 1; t <= T; t++) bars.push(bars[t - 1] * (1 - (1e-4 + ((0.02 - 1e-4) * (t - 1)) / (T - 1))));
    return bars;
  }

  function cosineAlphaBars(T, s = 0.008) {
    const f = (t) => Math.cos((((t / T + s) / (1 + s)) * Math.PI) / 2) ** 2, bars = [1];
    for (let t = 1; t <= T; t++) bars.push(bars[t - 1] * (1 - Math.min(1 - f(t) / f(t - 1), 0.999)));
    return bars;
  }

  B.schedules = { cosine: cosineAlphaBars(1000), linear: linearAlphaBars(1000), short: linearAlphaBars(100) };

  // Where a sampler with this many steps stops: the times from 0 to T, evenly spaced, and alpha_bar there.
  B.stops = function (schedule, steps) {
    const bars = B.schedules[schedule], T = bars.length - 1;
    const times = Array.from({ length: steps + 1 }, (_, i) => Math.round((i * T) / steps));
    return { times, bars: times.map((t) => bars[t]), T };
  };

  // Equal Gaussians in the plane, with the exact noise predictor E[eps | x_t] (lecture 5, simple-loss).
  B.Mixture = class {
    constructor(data) {
      this.centres = B.unpack(data.centres).values;
      this.std = data.std;
      this.count = this.centres.length / 2;
    }

    draw(n, seed) {
      const pick = B.uniforms(seed), noise = B.normals(seed, 1, 2 * n), x = new Float64Array(2 * n);
      for (let r = 0; r < n; r++) {
        const c = Math.floor(pick() * this.count);
        x[2 * r] = this.centres[2 * c] + this.std * noise[2 * r];
        x[2 * r + 1] = this.centres[2 * c + 1] + this.std * noise[2 * r + 1];
      }
      return x;
    }

    predict(x, alphaBar, n) {
      const cos = Math.sqrt(alphaBar), sin = Math.sqrt(1 - alphaBar), variance = alphaBar * this.std ** 2 + 1 - alphaBar;
      const eps = new Float64Array(2 * n), away = new Float64Array(this.count);
      for (let r = 0; r < n; r++) {
        let least = Infinity;
        for (let c = 0; c < this.count; c++) {
          away[c] = ((x[2 * r] - cos * this.centres[2 * c]) ** 2 + (x[2 * r + 1] - cos * this.centres[2 * c + 1]) ** 2) / (2 * variance);
          if (away[c] < least) least = away[c];
        }
        let total = 0, px = 0, py = 0;
        for (let c = 0; c < this.count; c++) {
          const weight = Math.exp(least - away[c]);
          total += weight;
          px += weight * this.centres[2 * c];
          py += weight * this.centres[2 * c + 1];
        }
        eps[2 * r] = (sin * (x[2 * r] - (cos * px) / total)) / variance;
        eps[2 * r + 1] = (sin * (x[2 * r + 1] - (cos * py) / total)) / variance;
      }
      return { eps, clean: x.map((value, i) => (value - sin * eps[i]) / cos) };
    }

    // The share of points further than three standard deviations from every (shrunk) centre; for one Gaussian exp(-9/2), 1.1 %.
    strays(x, alphaBar, n) {
      const cos = Math.sqrt(alphaBar), limit = 9 * (alphaBar * this.std ** 2 + 1 - alphaBar);
      let count = 0;
      for (let r = 0; r < n; r++) {
        let near = false;
        for (let c = 0; c < this.count && !near; c++) {
          near = (x[2 * r] - cos * this.centres[2 * c]) ** 2 + (x[2 * r + 1] - cos * this.centres[2 * c + 1]) ** 2 <= limit;
        }
        if (!near) count++;
      }
      return count / n;
    }
  };

  // One step of the noising chain from alpha_bar = before to after.
  B.noiseStep = function (x, before, after, xi) {
    const keep = Math.sqrt(after / before), add = Math.sqrt(1 - after / before);
    return x.map((value, i) => keep * value + add * xi[i]);
  };

  // One step back from alpha_bar = here to there with eta = 1 (ancestral) or 0 (DDIM); xi is the fresh noise (lecture 6, ddim).
  B.denoiseStep = function (prediction, here, there, eta, xi) {
    const sigma = eta * Math.sqrt(((1 - there) / (1 - here)) * (1 - here / there)), rest = Math.sqrt(Math.max(0, 1 - there - sigma * sigma));
    const { clean, eps } = prediction, root = Math.sqrt(there);
    return clean.map((value, i) => root * value + rest * eps[i] + sigma * xi[i]);
  };
})(Bottleneck);
