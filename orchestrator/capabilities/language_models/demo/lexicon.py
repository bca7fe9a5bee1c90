"""The words the demo model knows: small, our own, with a little German, French, Spanish and Vietnamese."""


def _table(text: str) -> dict[str, str]:
    """`concept: word word` lines to word -> concept; a line without a colon goes on with the concept before."""
    table: dict[str, str] = {}
    concept = ""
    for line in text.strip().splitlines():
        if ":" in line:
            concept, _, line = (part.strip() for part in line.partition(":"))
            table[concept] = concept
        table.update(dict.fromkeys(line.split(), concept))
    return table


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


CONCEPTS = _table(
    """
    invoice: invoices bill billed billing receipt receipts rechnung rechnungen factura facturas facture factures facturation
    charge: charged charges charging debit debited abgebucht abbuchung belastet cobrado cobrada cobro cobraron cargo débité prélevé
      prélèvement
    payment: payments pay paid paying card paypal bank bezahlt zahlung bezahlen zahlen karte kreditkarte pago pagar pagado tarjeta
      paiement payer payé carte
    refund: refunds refunded reimburse reimbursed reimbursement money-back erstattung rückerstattung erstatten erstattet geld
      reembolso devolver dinero remboursement rembourser remboursé
    price: prices pricing cost costs amount preis betrag precio importe prix montant
    discount: discounts coupon voucher promo promotion code gutschein rabatt descuento cupón réduction
    tax: vat taxes mwst steuer iva tva
    subscription: subscriptions subscribe membership plan renewal renewed abo abonnement suscripción
    delivery: deliver delivered delivering deliveries delivers courier carrier shipment shipments shipping ship shipped ships dispatch
      dispatched lieferung geliefert liefern zustellung versand versendet entrega entregar entregado envío enviar enviado
      livraison livré livrer expédition expédié expédiée
    package: packages parcel parcels pack paket pakete sendung paquete colis
    tracking: track tracked sendungsnummer sendungsverfolgung seguimiento suivi
    late: delay delayed delays overdue waiting waited spät verspätet verspätung warte tarde retraso retrasado retard attends attendre
    lost: missing vanished verloren perdido perdu
    address: addresses street adresse anschrift dirección
    customs: duty border zoll aduana douane
    order: orders ordered ordering bestellung bestellungen bestellt pedido pedidos commande commandes commandé
    cancel: cancelled canceled cancellation cancelling stornieren storniert kündigen cancelar annuler annulation
    return: returns returned returning rückgabe zurückgeben zurücksenden retoure devolución retourner retour renvoyer
    exchange: exchanged swap replace replaced replacement replacements umtausch umtauschen ersatz cambio cambiar échange échanger
      remplacement remplacer
    broken: break breaks broke defective defect faulty malfunction malfunctioning damaged damage crack cracked dead kaputt defekt
      beschädigt roto rota dañado defectuoso cassé cassée défectueux endommagé abîmé
    stopped: stops failing fails failed fail funktioniert funciona fonctionne startet
    leak: leaks leaking leaked tropft
    product: products item items device unit model produkt gerät artikel producto aparato produit appareil article
    warranty: warranties guarantee guaranteed garantie garantía
    quality: material materials qualität calidad qualité
    battery: batteries akku batería batterie charger charging-cable
    size: sizes fit fits größe talla taille
    colour: color colors colours farbe couleur
    part: parts screw screws manual instructions ersatzteil pieza pièce
    error: errors bug bugs crash crashes crashed crashing exception fehler erreur
    feature: features suggestion suggest idea wish improvement improve add
    question: questions ask asking wonder wondering frage pregunta
    account: accounts login log-in password passwords sign-in profile konto passwort cuenta contraseña compte
    complaint: complaints complain complaining beschwerde queja reclamación réclamation plainte
    rude: impolite unfriendly unhöflich grosero impoli
    service: support agent staff employee representative kundenservice kundendienst servicio
    manager: supervisor boss lawyer legal attorney anwalt abogado avocat
    urgent: urgently immediately asap dringend sofort urgente immédiatement
    contract: contracts agreement
    security: secure vulnerability vulnerabilities attack breach
    price-high: expensive overpriced teuer caro cher
    """
)

PHRASES = {
    "hóa đơn": "invoice",
    "hoàn tiền": "refund",
    "thanh toán": "payment",
    "tính phí": "charge",
    "trừ tiền": "charge",
    "hai lần": "twice",
    "giao hàng": "delivery",
    "vận chuyển": "delivery",
    "đơn hàng": "order",
    "gói hàng": "package",
    "kiện hàng": "package",
    "chưa nhận": "late",
    "bị hỏng": "broken",
    "bị vỡ": "broken",
    "không hoạt động": "broken",
    "sản phẩm": "product",
    "bảo hành": "warranty",
    "đổi hàng": "exchange",
    "khiếu nại": "complaint",
    "thất vọng": "disappointed",
    "cảm ơn": "thanks",
    "money back": "refund",
    "log in": "account",
    "sign in": "account",
    "customer service": "service",
    "doesn't work": "broken",
    "does not work": "broken",
    "not working": "broken",
    "stopped working": "broken",
    "won't turn on": "broken",
    "does not turn on": "broken",
    "no longer works": "broken",
    "funktioniert nicht": "broken",
    "geht nicht": "broken",
    "no funciona": "broken",
    "dejó de funcionar": "broken",
    "ne fonctionne pas": "broken",
    "ne marche": "broken",
}

RELATED = {
    "billing": "invoice charge payment refund price discount tax subscription twice",
    "invoice": "charge payment refund price discount tax subscription twice",
    "payment": "invoice charge refund",
    "shipping": "delivery package tracking late lost address customs",
    "delivery": "package tracking late lost address customs",
    "product": "broken stopped warranty quality battery size colour part leak exchange",
    "technical": "error broken account stopped",
    "error": "broken stopped",
    "complaint": "rude service manager complaint",
    "feature": "feature",
    "question": "question how what where when which",
    "account": "account",
    "return": "return exchange refund",
    "legal": "contract manager security",
    "urgent": "urgent",
}

POSITIVE = _set("""
    good great excellent wonderful perfect lovely love loved loves happy glad pleased delighted amazing fantastic nice helpful friendly
    thank thanks thankful grateful appreciate appreciated satisfied best awesome brilliant enjoy enjoyed recommend kind
    danke dank super toll prima zufrieden freundlich wunderbar herzlichen
    gracias encantado encantada contento contenta excelente perfecto genial feliz amable
    merci ravi ravie content contente parfait génial formidable aimable
    """)

NEGATIVE = _set("""
    angry furious terrible horrible awful worst unacceptable disgusting disgusted disgrace disgraceful disappointed disappointing
    ridiculous
    outrageous outraged scam scammed fraud useless pathetic hate hated frustrated frustrating frustration annoyed annoying rude ignored
    incompetent nightmare joke appalling shocking rubbish garbage liars lying lied ashamed shameful never-again fed-up insulting
    insulted
    wütend furchtbar schrecklich unverschämt enttäuscht enttäuschend frechheit katastrophe inakzeptabel verärgert ärgerlich sauer
    unmöglich betrug
    enfadado enfadada furioso furiosa terrible inaceptable decepcionado decepcionada vergüenza pésimo pésima indignante estafa harto
    harta
    furieux furieuse inadmissible inacceptable déçu déçue scandaleux honteux lamentable arnaque colère nul
    """)

NEGATIONS = _set("not no never n't cannot hardly without nicht kein keine nie nunca ningún sin pas jamais aucun không")
INTENSIFIERS = _set("very really extremely absolutely so totally completely utterly sehr wirklich total muy realmente très vraiment rất")

STOP = _set("""
    a an the this that these those and or but if then else of to in on at by for from with without into onto over under as is are was
    were be been
    being am do does did done doing have has had having will would shall should can could may might must i me my mine we us our ours
    you your
    yours he him his she her hers it its they them their theirs who whom whose which what when where why how not no nor so than too
    very just
    there here also about after before again all any both each few more most other some such only own same s t d ll m re ve please
    hello hi dear
    out up down off once because while until against between through during below above get got one two
    der die das den dem des ein eine einen einem einer und oder aber ist sind war waren ich mir mich mein meine meinen wir uns unser
    sie ihr ihre ihnen er es
    mit von zu zum zur im am auf für aus bei nach seit über unter nicht kein keine noch schon auch nur bitte hallo habe haben hat
    wurde werden wird
    el la los las un una unos unas y o pero es son era yo mi mis nos nuestro usted su sus de del al en con por para sin que no ya muy
    me se lo le ha he
    le les des du au aux et ou mais est sont je mon ma mes nous notre vous votre il elle ils de en avec par pour sans que qui ne pas
    plus j ai a ce cette
    tôi của và là có cho với được đã một các này xin chào
    """)

LANGUAGE_HINTS = {
    "en": _set("the and is my have not with was this you for are"),
    "de": _set("der die das und ist ich nicht mein meine habe mit bitte ein eine"),
    "es": _set("el los las y es mi no con por para que una pedido gracias"),
    "fr": _set("le les et est je mon ma ne pas avec vous une pour bonjour merci"),
    "vi": _set("tôi của và là có không được đã một hàng này xin"),
    "it": _set("il gli è sono mio mia non con per che una grazie ordine"),
    "pt": _set("o os e é meu minha não com por para uma obrigado pedido"),
    "nl": _set("de het een en is ik niet mijn met van voor heb bestelling"),
}
