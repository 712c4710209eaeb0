// Pictures of goods through the server's own door, and photos for it.

const SIDE_MAX = 1280; // pixels of the longer side: enough to see a crushed corner
const QUALITY = 0.8;
const RETRY_MS = 2000;
const KEPT = 20;

const urls = new Map();

/** The object URL of the picture *name*, or "" where there is none. Outside ones are not loaded. */
export async function picture(link, name) {
  if (!name || name.includes("//")) return "";
  if (urls.has(name)) return urls.get(name);
  let url = "";
  try {
    const headers = { Authorization: `Bearer ${link.token}` };
    const path = `${link.path()}/pictures?name=${encodeURIComponent(name)}`;
    const response = await fetch(path, { headers, credentials: "omit", redirect: "error" });
    if (response.ok) url = URL.createObjectURL(await response.blob());
    else if (response.status >= 500) return "";
  } catch {
    return ""; // the radio is away: ask again with the next prompt
  }
  urls.set(name, url);
  if (urls.size > KEPT) {
    const [oldest, its] = urls.entries().next().value;
    urls.delete(oldest);
    if (its) URL.revokeObjectURL(its);
  }
  return url;
}

/** *file* as a JPEG that a radio can carry. */
export async function small(file) {
  const image = await createImageBitmap(file);
  const scale = Math.min(1, SIDE_MAX / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

/** Photos on their way: each is sent until it is answered, under one key. */
export class Photos {
  constructor(link, changed) {
    this.link = link;
    this.changed = changed;
    this.waiting = 0;
    this.number = 0;
  }

  /** Send *file* as a picture of *ref*. Gives "" or the words why it was refused. */
  async send(file, ref) {
    this.waiting += 1;
    this.changed();
    this.number += 1;
    const key = `${this.link.terminal}-${this.link.run}-p${this.number}`;
    try {
      return await this.untilKept(await small(file), ref, key);
    } catch (fault) {
      return fault.message; // not a picture that this browser can read
    } finally {
      this.waiting -= 1;
      this.changed();
    }
  }

  async untilKept(image, ref, key) {
    const query = new URLSearchParams({ ref, key });
    for (;;) {
      try {
        await this.link.call("POST", `${this.link.path()}/photos?${query}`, image, "image/jpeg");
        return "";
      } catch (fault) {
        if (fault.code) return fault.message;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
