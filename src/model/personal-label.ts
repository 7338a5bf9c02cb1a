/** What fields are called that say something of a person, in the languages that forms are mostly written in. */

const PERSONAL = words(`
  email emails mail mails phone phones tel telephone telefon telefono telefonnummer handynummer mobile mobil handy cell
  cellphone fax whatsapp telegram signal skype address addresses adresse anschrift direccion indirizzo street strasse
  straße rue calle via line1 line2 address1 address2 city town ort stadt ville ciudad zip zipcode postal postcode plz ip
  iban bic swift card pan ssn passport birthday birth birthdate dob geburtsdatum geburtstag username login nickname
  surname firstname lastname fullname vorname nachname nom prenom nombre apellido apellidos nome cognome naam voornaam
  achternaam imie nazwisko
  message messages nachricht mensaje messaggio mensagem bericht comment comments kommentar commentaire comentario note
  notes feedback question questions frage enquiry inquiry anfrage body bio about latitude longitude lat lng
`);
/** "name" alone is a person's; behind one of these it is a thing's. */
const THINGS = words(`
  product products item items plan price form file event order company business store shop site page domain host line lines
  variant status type category tag coupon discount team project list campaign country method brand account statement
  shipping_method carrier service app package size color option theme template bank currency
`);

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** "customerName", "customer_name" and "Customer name" have the same words. */
function wordsOf(label: string): string[] {
  const spaced = label
    .slice(0, 200)
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .replace(/\be[ _-]mail/giu, "email");
  return spaced.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/**
 * Whether what stands under these labels, the outermost first, is a person's. Of a path only the last step counts, and
 * for a name what it is the name of: `customer`, `name`.
 */
export function isPersonalLabel(labels: readonly string[], value: string): boolean {
  const last = wordsOf(labels.at(-1) ?? "");
  if (last.some((word) => PERSONAL.has(word))) return true;
  if (!last.includes("name") && !last.includes("names")) return false;
  const around = labels.filter((it) => !/^\d+$/.test(it)).slice(-2);
  const isThing = around.flatMap(wordsOf).some((word) => THINGS.has(word));
  // Numbers of orders are called names, too: "#1001".
  return !isThing && /\p{L}/u.test(value);
}
