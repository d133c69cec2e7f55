"""What reps of the demo firm write down. {first} is a person, {product} an article."""

# What came in by e-mail.
WROTE = (
    "{first} asks for an offer for {product}.",
    "{first} asks when {product} will be delivered.",
    "{first} wants the cost overview of each department.",
    "{first} asks for the new price list and a day for a visit.",
    "{first} writes that the invoice does not match the offer for {product}.",
)
BEFORE = {
    "phone": (
        "First call. {first} orders from {rival} today, wants to see our paper prices.",
        "{first} asked for a catalogue and two references from the region.",
        "Went through the needs: {product} every month, the rest now and then.",
        "Budget is decided in autumn. {first} wants to hear from us in September.",
        "Explained next-day delivery. {first} liked the single monthly invoice.",
    ),
    "email": (
        "Sent the offer for a first order, {product} included.",
        "{first} compares us with {rival}; sent the price list again.",
        "Sent samples of recycled paper and the delivery terms.",
    ),
    "visit": (
        "Walked through the office with {first}: 14 desks, one old copier.",
        "Showed {product}. {first} decides together with the boss.",
        "Met {first} on site, good talk about fewer suppliers.",
    ),
}
GOOD = {
    "phone": (
        "{first} confirmed the usual order, adds {product} this time.",
        "Price talk about {product}: 3 % from ten packs, {first} agreed.",
        "{first} is pleased with the new delivery slot before 10.",
        "Checked the open invoice, {first} pays this week.",
        "Asked about the new site: six more desks from next month.",
        "{first} wants an offer for {product}.",
        "Reorder by phone, nothing special.",
        "{first} asked whether we also take the old machines back. We do.",
        "Talked about yearly terms; {first} will bring it to the owner.",
        "Thanked for the referral, {first} knows two more firms nearby.",
    ),
    "email": (
        "Sent the offer for {product}, {first} ordered the same afternoon.",
        "{first} sent the quarter's list; confirmed with delivery dates.",
        "Answered a question about returns of {product}.",
        "Sent the cost overview per department that {first} had asked for.",
        "Reminder about toner: {first} replied with an order.",
        "New contact for invoices, changed it in the record.",
    ),
    "visit": (
        "Yearly review with {first}: happy with service, wants to bundle more with us.",
        "Brought samples of {product}; {first} tests them for two weeks.",
        "Looked at the copier room together, machine is at its limit.",
        "Coffee with {first}. The firm is hiring, furniture needed in spring.",
        "Set up the standing order with {first} and the clerk.",
    ),
    "message": (
        "{first} sent a photo of the empty shelf. Ordered {product}.",
        "Short question about delivery, answered.",
    ),
    "post": (
        "Catalogue with a handwritten card.",
        "Sample pack of {product}.",
        "Season's greetings to {first} and the team.",
    ),
    "note": (
        "Invoices only by mail from now on.",
        "Side entrance closed until summer, deliver at the yard.",
        "{first} is on leave for two weeks, the clerk orders meanwhile.",
        "Watch {product}: they use about twice as much as last year.",
    ),
}
PLAIN = {
    "phone": (
        "Called about {product}, {first} has enough for now.",
        "{first} in a meeting, will ring back tomorrow.",
        "Nothing needed this month. Asked to try again after the 15th.",
        "{first} wants to wait for the new budget.",
    ),
    "email": (
        "Sent this month's offers.",
        "Asked for feedback on {product}, no strong opinion.",
        "Sent the changed price list.",
    ),
    "visit": (
        "Dropped in while nearby, {first} had only ten minutes.",
        "Showed the new chairs; interest, but no decision yet.",
    ),
}
BAD = {
    "phone": (
        "{first} complains about a late delivery of {product}. Promised a credit.",
        "{first} says {rival} is 8 % cheaper on paper.",
        "Wrong article delivered for the second time, {first} is annoyed.",
        "{first} wants to cut suppliers and is not sure we stay.",
    ),
    "email": (
        "Complaint about damaged cartons, passed to the warehouse.",
        "{first} asks why the invoice lists freight. Credit sent.",
        "{first} writes that orders go through the head office from now on.",
    ),
    "visit": (
        "Difficult talk: three late deliveries, {first} wants to see a change.",
        "{first} showed an offer from {rival}. We cannot match toner.",
    ),
}
NO_ANSWER = (
    "",
    "",
    "No answer.",
    "Left a message.",
    "Engaged, try again.",
    "Voicemail.",
)

TASKS = (
    "Send offer for {product}",
    "Call {first} about {product}",
    "Bring samples of {product}",
    "Check credit note with accounts",
    "Send yearly cost overview to {first}",
    "Arrange visit with {first}",
    "Ask {first} for a referral",
    "Clarify delivery slot with warehouse",
    "Prepare terms for next year",
    "Thank {first} for the order",
)

EVENTS = {
    "moved": ("New site with 20 desks.", "Moved to larger rooms.", "Opened a branch."),
    "new_manager": ("New head of purchasing.", "The son takes over from the founder."),
    "expansion": ("Hires ten people this year.", "Won a large contract, grows."),
    "cutback": ("Closes one of three sites.", "Short-time work since the summer."),
    "merger": ("Bought by a group from Hannover.", "Merges with a neighbour firm."),
    "competitor_offer": ("Offer from {rival} on the desk.", "{rival} visited twice."),
    "complaint": ("Two late deliveries in a row.", "Wrong toner delivered."),
    "contract_ends": ("Framework contract runs out.", "Leasing ends, open for offers."),
    "anniversary": ("25 years in business.", "Ten years at this site."),
    "birth": ("{first} is a father since Tuesday.", "{first} is on parental leave."),
}
EVENT_ODDS = {
    "moved": 10, "new_manager": 14, "expansion": 16, "cutback": 8, "merger": 5,
    "competitor_offer": 14, "complaint": 14, "contract_ends": 9, "anniversary": 7,
    "birth": 3,
}  # fmt: skip

SAID = (
    "One supplier instead of four: the clerk has her Fridays back.",
    "Next-day delivery means that we keep no store any more.",
    "The single invoice saves us a morning each month.",
    "Your machines stand still less than the ones before.",
)
VALUE_NOTES = (
    "Saves them a second machine upstairs.",
    "They print all offers in-house now.",
    "Staff love it; would not give it back.",
    "Cheaper than the service contract before.",
)
