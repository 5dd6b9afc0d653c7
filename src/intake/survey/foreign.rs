//! What are columns called in other languages than Chinese and English?
//!
//! Takes a header without blanks and marks, in plain letters, gives the built-in field that it usually holds, or the
//! name under which a study declares it. Words of two meanings in one language (`nombre` is a whole name or a given
//! one) are told apart by the other columns of the file ([`name_parts`](super::name_parts)).

use crate::intake::study::Field;

/// Usual names of built-in fields: German, French, Spanish, Italian, Portuguese, the Nordic languages, Dutch, Polish,
/// Turkish, Vietnamese and Indonesian, and short English ones.
#[rustfmt::skip]
const FIELDS: [(Field, &[&str]); 8] = [
    (Field::Name, &[
        "vollername", "nomcomplet", "nometprenom", "nomprenom", "nomsetprenoms", "nombrecompleto", "nombreyapellido",
        "nombreyapellidos", "apellidosynombre", "apellidosynombres", "nomecompleto", "nomecognome", "cognomenome", "nominativo",
        "fulltnavn", "fulltnafn", "fullstandigtnamn", "volledigenaam", "imieinazwisko", "adsoyad", "adisoyadi", "hoten", "hovaten",
        "namalengkap", "nom", "nombre", "nome", "navn", "namn", "nafn", "naam", "nama",
    ]),
    (Field::FamilyName, &[
        "last", "lnamec1", "lastnm", "familienname", "nachname", "zuname", "nomdefamille", "nomfamille", "apellidos", "apellido",
        "apellido1", "primerapellido", "apellidopaterno", "cognome", "sobrenome", "apelido", "etternavn", "efternavn", "efternamn",
        "achternaam", "nazwisko", "soyad", "soyadi", "sukunimi", "eftirnafn", "prijmeni",
    ]),
    (Field::GivenName, &[
        "first", "fnamec1", "firstnm", "given", "vorname", "vornamen", "rufname", "prenom", "prenoms", "nombres", "nombredepila",
        "primernombre", "prenome", "fornavn", "fornamn", "voornaam", "imie", "imiona", "etunimi", "eiginnafn", "jmeno",
    ]),
    (Field::FormerName, &[
        "geburtsname", "gebname", "nomdenaissance", "nomnaissance", "nomdejeunefille", "nomjeunefille", "apellidodesoltera",
    ]),
    (Field::Sex, &[
        "geschlecht", "sexe", "sexo", "sesso", "genre", "genero", "genere", "kjonn", "kon", "kyn", "geslacht", "plec", "cinsiyet",
        "sukupuoli", "pohlavi", "gioitinh", "jeniskelamin",
    ]),
    (Field::BirthDate, &[
        "geburtsdatum", "geburtsdat", "gebdatum", "gebdat", "geburtstag", "gebtag", "geborenam", "datedenaissance", "datenaissance",
        "datenaiss", "ddn", "nele", "fechadenacimiento", "fechanacimiento", "fechanac", "fnacimiento", "fnac", "datadinascita",
        "datanascita", "natoil", "datadenascimento", "datanascimento", "datanasc", "dtnasc", "fodselsdato", "fodelsedatum",
        "faedingardagur", "geboortedatum", "dataurodzenia", "dogumtarihi", "syntymaaika", "datumnarozeni", "ngaysinh",
        "tanggallahir", "tgllahir", "born", "bdate", "birthdat", "dateborn", "geburtsjahr", "anneenaissance", "anonacimiento",
    ]),
    (Field::Telephone, &[
        "telefon", "telefonnummer", "telefonnr", "telnr", "handy", "mobiltelefon", "telefono", "telefonofijo", "telefonomovil", "movil",
        "celular", "cellulare", "telefone", "telemovel", "telefoon", "dienthoai", "sodienthoai", "sodt", "cellphone", "cell", "simi",
        "notelepon",
    ]),
    (Field::DeathDate, &["sterbedatum", "todesdatum", "datededeces", "datedeces", "fechadedefuncion", "fechadefuncion", "datadimorte"]),
];

/// The rank of the first of them: less sure than the names of [`fields`](super::fields).
const RANK: usize = 1_000;

/// The built-in field of a header in plain letters.
pub(super) fn field_of(plain: &str) -> Option<(Field, usize)> {
    let exact = |(field, names): &(Field, &[&str])| {
        names.iter().position(|name| *name == plain).map(|rank| (*field, RANK + rank))
    };
    FIELDS.iter().find_map(exact)
}

/// Usual names of fields that are not built in.
#[rustfmt::skip]
const OTHERS: [(&str, &[&str]); 11] = [
    ("postcode", &[
        "plz", "postleitzahl", "codepostal", "codigopostal", "codicepostale", "codicediavviamentopostale", "pincode", "eircode",
        "postnummer", "postnr", "postnumer", "kodpocztowy", "kodepos", "cep", "zipcd", "postalcd",
    ]),
    ("city", &[
        "wohnort", "stadt", "gemeinde", "ville", "commune", "ciudad", "localidad", "municipio", "comune", "citta", "cidade", "kommune",
        "woonplaats", "gemeente", "poststed", "postort", "miasto", "thanhpho", "kota", "sveitarfelag",
    ]),
    ("state", &["bundesland", "provincia", "departement", "estado"]),
    ("street_number", &[
        "hausnummer", "hausnr", "hsnr", "numerocivico", "civico", "numerorue", "numerovoie", "numerocalle", "huisnummer", "husnr",
        "husnummer", "numerdomu", "sonha",
    ]),
    ("street_name", &[
        "strasse", "strassenname", "rue", "nomrue", "voie", "nomvoie", "calle", "nombrecalle", "via", "indirizzovia", "rua", "straat",
        "straatnaam", "ulica", "gata", "gatunamn", "streetnm",
    ]),
    ("address_text", &[
        "adresse", "anschrift", "direccion", "domicilio", "indirizzo", "endereco", "adres", "adress", "heimilisfang", "diachi", "alamat",
    ]),
    ("second_surname", &["secondsurname", "apellido2", "segundoapellido", "apellidomaterno"]),
    ("middle_name", &["middle", "zweitername", "deuxiemeprenom", "segundonombre", "secondonome", "givenname2"]),
    ("email", &["emailadresse", "courriel", "correo", "correoelectronico"]),
    ("birth_place", &[
        "geburtsort", "lieudenaissance", "lieunaissance", "lugardenacimiento", "lugarnacimiento", "luogodinascita", "luogonascita",
        "noisinh", "tempatlahir",
    ]),
    ("occupation", &["beruf", "profession", "profesion", "ocupacion", "professione", "ocupacao"]),
];

/// Short words for places that may mean something else: a personal identification number is a `pin`, too. They are
/// believed where many persons share each value.
const SHORT: [(&str, &[&str]); 2] = [("postcode", &["pin", "cap", "cp"]), ("city", &["ort", "plaats"])];

/// The name under which a study declares a column of this header in plain letters; `repeats` says whether many persons
/// share each of its values.
pub(super) fn custom_name(plain: &str, repeats: bool) -> Option<&'static str> {
    let short: &[(&str, &[&str])] = if repeats { &SHORT } else { &[] };
    OTHERS.iter().chain(short).find(|(_, names)| names.contains(&plain)).map(|(name, _)| *name)
}
