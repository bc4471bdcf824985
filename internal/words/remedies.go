package words

// remedies is what keeps everything back, and what to do about it. The keys are
// the causes of `status --json`.
func remedies() map[string]text {
	return map[string]text{
		"pause.since": {"Since %s.", "Begonnen: %s."},
		"pause.until": {"Began %s; next try %s.", "Begonnen: %s; volgende poging %s."},

		"pause.manual":           {"Sending is paused by hand", "Het verzenden is met de hand gepauzeerd"},
		"pause.manual.do":        {"Files are taken in, and go when somebody lets it go on.", "Bestanden worden opgemerkt en gaan zodra iemand het verzenden hervat."},
		"pause.denied":           {"Bloxs does not let bloxdrop add files", "Bloxs staat niet toe dat bloxdrop bestanden toevoegt"},
		"pause.denied.do":        {"Ask the Bloxs administrator whether the key is right and may add files. It is tried again by itself; a key that was changed here counts once bloxdrop is restarted.", "Vraag de Bloxs-beheerder of de sleutel klopt en bestanden mag toevoegen. Het wordt vanzelf opnieuw geprobeerd; een hier gewijzigde sleutel telt pas als bloxdrop opnieuw is gestart."},
		"pause.sign-in":          {"Bloxs refuses the sign-in", "Bloxs weigert de aanmelding"},
		"pause.sign-in.do":       {"Check the key and the secret in config.toml, and restart bloxdrop once they are changed. It is tried again by itself.", "Controleer de sleutel en het geheim in config.toml, en start bloxdrop opnieuw als ze zijn gewijzigd. Het wordt vanzelf opnieuw geprobeerd."},
		"pause.limited":          {"Bloxs asks to slow down", "Bloxs vraagt om het rustiger aan te doen"},
		"pause.limited.do":       {"Too many requests a minute, by all who use this Bloxs together. It goes on by itself.", "Te veel verzoeken per minuut, van iedereen die deze Bloxs gebruikt samen. Het gaat vanzelf verder."},
		"pause.misconfigured":    {"The answers do not come from Bloxs", "De antwoorden komen niet van Bloxs"},
		"pause.misconfigured.do": {"Check the address of Bloxs, and the proxy, in config.toml, and restart bloxdrop once they are changed. It is tried again by itself.", "Controleer het adres van Bloxs en de proxy in config.toml, en start bloxdrop opnieuw als ze zijn gewijzigd. Het wordt vanzelf opnieuw geprobeerd."},
		"pause.store":            {"bloxdrop can't write down what happens", "bloxdrop kan niet opschrijven wat er gebeurt"},
		"pause.store.do":         {"See that its disk has room and can be written. It goes on by itself.", "Kijk of de schijf ruimte heeft en beschrijfbaar is. Het gaat vanzelf verder."},
		"pause.disk-full":        {"The disk is nearly full", "De schijf is bijna vol"},
		"pause.disk-full.do":     {"Make room on the disk on which bloxdrop remembers. It goes on by itself.", "Maak ruimte op de schijf waarop bloxdrop onthoudt. Het gaat vanzelf verder."},
		"pause.damaged":          {"bloxdrop's memory is damaged, so nothing is sent", "Het geheugen van bloxdrop is beschadigd; er wordt niets verzonden"},
		"pause.damaged.do":       {"The administrator has to restore a backup or repair it. Until then no file goes twice by mistake.", "De beheerder moet een back-up terugzetten of het herstellen. Tot dan gaat geen bestand per ongeluk twee keer."},
		"pause.adopt":            {"A folder waits for the administrator's word", "Een map wacht op de beheerder"},
		"pause.adopt.many":       {"%d folders wait for the administrator's word", "%d mappen wachten op de beheerder"},
		"pause.adopt.do":         {"It is not the folder that it was, or could be sent twice. The details say which command settles it.", "Het is niet meer dezelfde map, of bestanden zouden dubbel kunnen gaan. In de details staat welke opdracht dit oplost."},
	}
}
