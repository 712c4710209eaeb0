// Tones and vibration: each severity is known without looking.

// Each tone: [Hz, from ms, for ms]
const TONES = {
  tick: [[1800, 0, 30]],
  ok: [[1320, 0, 70], [1760, 80, 90]],
  attention: [[880, 0, 140], [880, 200, 140]],
  error: [[220, 0, 220], [180, 260, 220], [150, 520, 360]],
};
const SHAKES = { tick: 0, ok: 40, attention: [80, 60, 80], error: [300, 100, 300] };

let context = null;

/** Browsers stay silent until somebody touched the page: call this with every key and touch. */
export function wakeSound() {
  if (!window.AudioContext) return;
  context = context || new AudioContext();
  if (context.state === "suspended") context.resume();
}

/** Sound *name* (tick, ok, attention, error) and shake the hand. The page says what was rung. */
export function ring(name) {
  document.body.dataset.rang = name;
  if (navigator.vibrate && SHAKES[name]) navigator.vibrate(SHAKES[name]);
  if (!context || context.state !== "running") return;
  for (const [hertz, from, lasts] of TONES[name]) {
    const start = context.currentTime + from / 1000;
    const end = start + lasts / 1000;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.type = name === "error" ? "sawtooth" : "sine";
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(0.6, start + 0.01);
    volume.gain.exponentialRampToValueAtTime(0.0001, end);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(end);
  }
}
