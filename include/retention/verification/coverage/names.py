"""Which columns look personal by their names, in the languages that schemas are written in around here."""

from __future__ import annotations

import re
import unicodedata


def _listed(text: str) -> frozenset[str]:
    """The words of a text, without its comments."""
    return frozenset(word for line in text.splitlines() for word in line.partition("#")[0].split())


_STEMS = _listed("""
    firstname lastname surname fullname givenname familyname middlename maidenname nickname username displayname vorname
    nachname familienname geburtsname spitzname benutzername kundenname ansprechpartner anrede prenom nomdefamille apellido
    cognome sobrenome voornaam achternaam nazwisko prijmeni fornamn efternamn soyad contactperson salutation
    email courriel correo mailadres whatsapp telegram skype  # mail and telephone
    phone telefon telephon telefax handy mobilfunk mobilnummer mobilenumber rufnummer anrufer telefoon caller callee
    msisdn durchwahl faxnumber faxnummer
    address adress strasse street hausnummer housenumber postleitzahl postcode postalcode zipcode wohnort anschrift  # places
    direccion indirizzo endereco codepostal codigopostal latitude longitude geoloc geopoint
    birth geburt naissance nacimiento nascita nascimento geboorte urodzen narozen gender geschlecht familienstand
    maritalstatus nationality staatsangehoer staatsbuerger religion konfession ethnic biometr diagnos
    socialsecurity sozialversicherung versichertennummer krankenversicher krankenkasse steuernummer passport reisepass
    ausweis identitycard personalnummer personnummer driverslicen driverlicen fuehrerschein codicefiscale codfiscale
    rodnecislo licenseplate numberplate kennzeichen
    bankaccount accountholder kontonummer kontoinhaber bankverbindung creditcard kreditkarte cardnumber kartennummer
    cardholder paypal salary gehalt
    ipaddr clientip remoteip sourceip remotehost useragent macaddr fingerprint
    password passwort kennwort passwd signature unterschrift photo selfie avatar
    transcript transkript utterance voicemail freitext  # what a person said
""")
"""Found inside a word, as in `kundenemail`: long enough to mean nothing else."""
_IDENTIFYING = _listed(
    "email courriel correo phone telefon telephon handy mobil mobile rufnummer msisdn telefoon durchwahl"
)
"""What a person is addressed by: the suppression list knows people by it."""
_IDENTIFYING_WORDS = frozenset({"mail", "mails", "mailto", "epost", "eposta", "tel", "cell"})
_NUMBERS = _listed("""
    deviceid geraeteid deviceuuid devicetoken advertisingid sessionid cookieid visitorid nationalid personalid patientid
    taxid taxnumber steuerid vatid ustid idcard iban imei imsi idfa gaid
""")
"""Ids that name a person or their device in themselves; the id of another row does not. From a word's beginning."""
_WORDS = _listed("""
    name names nom nome nombre naam navn namn imie jmeno isim ad mail mails mailto epost eposta tel fax cell mobil mobile
    ip ips ipv4 ipv6 bic ssn sin nin nino bsn cpf cnpj dni nie nif nir pesel oib cnp egn dob age alter sex zip plz lat lon
    lng geo ort city ville ciudad citta stadt straat rue calle via str ua mac udid person persons contact contacts
    kontakt kontakte
""")
"""Whole words of a name: inside longer words they mean something else."""
_AT_THE_END = _listed("""
    customer customers kunde kunden user users patient patients patienten mitarbeiter recipient recipients author authors
    notes message messages
""")
"""The last word of a name: who it is, or what somebody wrote. `customer_id` is a key, `message_count` a number."""
_TECHNICAL = _listed("""
    file table column schema index constraint database host server domain zone bucket queue topic event class type function
    method module package dag task job metric field tag step stage pool image container service branch repo region font
    icon theme color currency unit locale timezone encoding algorithm format policy rule
""")
"""Before `name`: the name of a thing. Whoever is called so has another column, too, or values that show it."""
_BIRTH = (
    "birth",
    "geburt",
    "naissance",
    "nacimiento",
    "nascita",
    "nascimento",
    "geboorte",
    "urodzen",
    "narozen",
    "dob",
)
_SPECIAL = str.maketrans({"ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue", "ø": "o", "æ": "ae", "ł": "l", "ı": "i"})


def looks_personal(column: str) -> bool:
    """Whether a column of this name is likely to hold something about a person."""
    words = _words(column)
    if names_by_number(column) or _has(words, _STEMS) or (words and words[-1] in _AT_THE_END):
        return True
    return any(word in _WORDS and not _names_a_thing(words, at) for at, word in enumerate(words))


def looks_identifying(column: str) -> bool:
    """Whether a column of this name is likely to hold an e-mail address or a telephone number."""
    words = _words(column)
    return _has(words, _IDENTIFYING) or not _IDENTIFYING_WORDS.isdisjoint(words)


def names_by_number(column: str) -> bool:
    """Whether it is a number or an id that means a person or a device by itself, and not another row."""
    words = _words(column)
    return any("".join(words[at:]).startswith(number) for at in range(len(words)) for number in _NUMBERS)


def refers_to_row(column: str) -> bool:
    """Whether the name is that of a key: of numbers and uuids under such a name only `names_by_number` are personal."""
    return (_words(column) or [""])[-1] in ("id", "ids", "uuid", "key", "ref")


def looks_like_birth(column: str) -> bool:
    """Whether the name speaks of a birth: the one personal thing that is kept as a date."""
    return any(stem in "".join(_words(column)) for stem in _BIRTH)


def _has(words: list[str], stems: frozenset[str]) -> bool:
    """In a word, as in `kundenemail`, or from a word's beginning across words, as in `user_agent`."""
    runs = ["".join(words[at:]) for at in range(len(words))]
    return any(stem in word for stem in stems for word in words) or any(
        run.startswith(stem) for stem in stems for run in runs
    )


def _names_a_thing(words: list[str], at: int) -> bool:
    return at > 0 and words[at] in ("name", "names") and words[at - 1] in _TECHNICAL


def _words(column: str) -> list[str]:
    """`kundenE-Mail_2` as kunden, e, mail: lower case, no accents, no digits but those of ipv4 and ipv6."""
    spread = re.sub(r"(?<=[a-zß-ÿ0-9])(?=[A-Z])", "_", column)
    lower = unicodedata.normalize("NFC", spread).lower().translate(_SPECIAL)
    plain = "".join(c for c in unicodedata.normalize("NFD", lower) if not unicodedata.combining(c))
    words = [word for word in re.split(r"[^a-z0-9]+", plain) if word]
    return [word if word in ("ipv4", "ipv6") else word.rstrip("0123456789") or word for word in words]
