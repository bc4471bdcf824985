package words

// alerts is what messages to those who look after bloxdrop say. It is plain
// ASCII, since it goes into the headers of mails as it stands.
func alerts() map[string]text {
	return map[string]text{
		"alert.title":      {"bloxdrop on %s needs somebody", "bloxdrop op %s vraagt aandacht"},
		"alert.title.over": {"bloxdrop on %s: all is well again", "bloxdrop op %s: alles is weer in orde"},
		"alert.title.less": {"bloxdrop on %s: some of it is over", "bloxdrop op %s: een deel is voorbij"},
		"alert.title.test": {"bloxdrop on %s: a test", "bloxdrop op %s: een test"},
		"alert.test":       {"This is a test message. Nothing is wrong.", "Dit is een testbericht. Er is niets aan de hand."},
		"alert.over":       {"This is over:", "Dit is voorbij:"},
		"alert.still":      {"This is not over yet:", "Dit is nog niet voorbij:"},
		"alert.look":       {"See `bloxdrop status` on that computer, or its page (`bloxdrop open`).", "Zie `bloxdrop status` op die computer, of de pagina (`bloxdrop open`)."},

		"alert.waiting":    {"%[1]d file waits, and does not get through to Bloxs (seen %[2]s).|%[1]d files wait, and do not get through to Bloxs (the first was seen %[2]s).", "%[1]d bestand wacht en komt niet bij Bloxs aan (gezien: %[2]s).|%[1]d bestanden wachten en komen niet bij Bloxs aan (het eerste gezien: %[2]s)."},
		"alert.held":       {"%[1]d file needs somebody: %[2]s (held: %[3]s).|%[1]d files need somebody: %[2]s (the first was held %[3]s).", "%[1]d bestand vraagt aandacht: %[2]s (%[3]s).|%[1]d bestanden vragen aandacht: %[2]s (het eerste %[3]s)."},
		"alert.offline":    {"Root %[1]s of config.toml can't be reached (since: %[2]s). See that the file server runs and the share is connected: then it goes on by itself. If they do, `bloxdrop status` says what to do.", "Map %[1]s van config.toml is onbereikbaar (sinds: %[2]s). Kijk of de bestandsserver aanstaat en de share verbonden is: dan gaat het vanzelf verder. Is dat zo, dan zegt `bloxdrop status` wat er te doen is."},
		"alert.unreadable": {"%[1]d folder in root %[2]s of config.toml can't be read, so that its files are not sent. The log names it.|%[1]d folders in root %[2]s of config.toml can't be read, so that their files are not sent. The log names them.", "%[1]d submap in map %[2]s van config.toml is niet leesbaar; die bestanden worden niet verzonden. Het logboek noemt hem.|%[1]d submappen in map %[2]s van config.toml zijn niet leesbaar; die bestanden worden niet verzonden. Het logboek noemt ze."},
		"alert.settling":   {"%d file has not become whole for over an hour: it changes, is empty, or can't be read. It is not sent.|%d files have not become whole for over an hour: they change, are empty, or can't be read. They are not sent.", "%d bestand is al langer dan een uur niet compleet: het verandert, is leeg of is niet leesbaar. Het wordt niet verzonden.|%d bestanden zijn al langer dan een uur niet compleet: ze veranderen, zijn leeg of zijn niet leesbaar. Ze worden niet verzonden."},

		"alert.name.waiting":    {"Files did not get through to Bloxs", "Bestanden kwamen niet bij Bloxs aan"},
		"alert.name.offline":    {"Root %s of config.toml could not be reached", "Map %s van config.toml was onbereikbaar"},
		"alert.name.unreadable": {"Folders in root %s of config.toml could not be read", "Submappen in map %s van config.toml waren niet leesbaar"},
		"alert.name.settling":   {"Files did not become whole", "Bestanden werden niet compleet"},
	}
}
