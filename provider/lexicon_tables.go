package provider

// The tables below are the words that products are made of, in English and Spanish: English forms, the first of them
// the one to write, a bar, and the Spanish. "f" and "m" are the gender of a Spanish noun, "pl" says that it is a plural
// in both languages, "mass" that it takes no article in Spanish, "!" that the word says something only with an adjective or a material. Plurals that follow the rules
// are not listed.

// clothingTable are kinds of products that have sizes one wears.
const clothingTable = `
shirt | camisa f
flannel shirt | camisa de franela f
t-shirt, tee, tshirt, tee shirt | camiseta f
top | top m
tank top, vest top | camiseta de tirantes f
blouse | blusa f
jumper, sweater, pullover | jersey m
cardigan | cárdigan m
hoodie | sudadera con capucha f
sweatshirt | sudadera f
jacket | chaqueta f
coat | abrigo m
raincoat | impermeable m
blazer | americana f
waistcoat, gilet | chaleco m
suit | traje m
tuxedo | esmoquin m
dress | vestido m
skirt | falda f
trousers, pants | pantalones m pl
jeans | vaqueros m pl
shorts | pantalones cortos m pl
leggings | mallas f pl
pyjamas, pajamas | pijama m
swimsuit | bañador m
bikini | bikini m
underwear | ropa interior f mass
socks | calcetines m pl
gloves | guantes m pl
scarf | bufanda f
hat | sombrero m
cap | gorra f
beanie | gorro m
belt | cinturón m
tie | corbata f
shoes | zapatos m pl
sneakers, trainers | zapatillas f pl
high tops, high top shoes, high-top shoes, high top sneakers | zapatillas altas f pl
boots | botas f pl
sandals | sandalias f pl
slippers | zapatillas de casa f pl
`

// thingsTable are all other kinds of products.
const thingsTable = `
bag | bolso m
handbag | bolso de mano m
tote bag | bolsa de tela f
backpack, rucksack | mochila f
suitcase | maleta f
wallet | cartera f
purse | monedero m
watch | reloj m
ring | anillo m
necklace | collar m
bracelet | pulsera f
earrings | pendientes m pl
sunglasses | gafas de sol f pl
umbrella | paraguas m
plant pot, flower pot, flowerpot | maceta f
pot | maceta f
vase | jarrón m
lamp, light | lámpara f
bedside light, bedside lamp | lámpara de noche f
floor lamp | lámpara de pie f
desk lamp | flexo m
sofa, couch | sofá m
armchair | sillón m
chair | silla f
stool | taburete m
bench | banco m
table | mesa f
garden table, outdoor garden table | mesa de jardín f
outdoor table | mesa de exterior f
bedside table, nightstand | mesita de noche f
coffee table | mesa de centro f
desk | escritorio m
drawers, chest of drawers, dresser | cómoda f
shelf | estante m
bookcase, bookshelf | estantería f
wardrobe | armario m
bed | cama f
mattress | colchón m
bed clothes, bedclothes, bedding, bed linen | ropa de cama f mass
duvet | edredón m
blanket | manta f
throw pillows, cushions | cojines m pl
pillow | almohada f
rug, carpet | alfombra f
curtain | cortina f
towel | toalla f
mirror | espejo m
clock | reloj m
candle | vela f
beanbag, bean bag | puf m
watering can | regadera f
hand trowel, trowel | pala de mano f
cardboard pots | macetas de cartón f pl
fence | valla f
slats, fencing slats | lamas f pl
basket | cesta f
box | caja f
mug | taza f
cup | taza f
drinking glass, glass | vaso m
plate | plato m
bowl | cuenco m
bottle, water bottle | botella f
teapot | tetera f
kettle | hervidor m
frying pan, pan | sartén f
knife | cuchillo m
chopping board, cutting board | tabla de cortar f
apron | delantal m
notebook | cuaderno m
pen | bolígrafo m
phone case | funda para móvil f
phone, smartphone | móvil m
laptop | portátil m
tablet | tableta f
headphones | auriculares m pl
earbuds | auriculares m pl
speaker | altavoz m
keyboard | teclado m
charger | cargador m
power bank | batería externa f
cable | cable m
camera | cámara f
toy | juguete m
puzzle | puzle m
doll | muñeca f
ball | balón m
bicycle, bike | bicicleta f
helmet | casco m
tent | tienda de campaña f
sleeping bag | saco de dormir m
yoga mat | esterilla de yoga f
dumbbells | mancuernas f pl
soap | jabón m mass
shampoo | champú m mass
face cream, hand cream | crema f
perfume | perfume m
coffee | café m mass
tea | té m mass
chocolate | chocolate m mass
honey | miel f mass
olive oil | aceite de oliva m mass
wine | vino m mass
leash, dog leash | correa f
dog bed | cama para perros f
poster, print | lámina f
card | tarjeta f
gift card | tarjeta regalo f
sticker | pegatina f
book | libro m
hammer | martillo m
screwdriver | destornillador m
drill | taladro m
`

// partsTable are parts and details that a product has. A word in partsTable after "with" is a part even if it is a kind
// of product elsewhere.
const partsTable = `
collar | cuello m
sleeves | mangas f pl
cuffs | puños m pl !
shoulders | hombros m pl !
shoulder pads | hombreras f pl
buttons | botones m pl
pocket | bolsillo m
zip pocket, zipped pocket | bolsillo con cremallera m
zip, zipper | cremallera f
hood | capucha f
hem | dobladillo m !
lining | forro m
fleece lining | forro polar m
belt | cinturón m
buckle | hebilla f
laces | cordones m pl
straps | correas f pl
sole | suela f
heel | tacón m
waistband | cinturilla f
pattern, patterns | estampado m !
letter | letra f !
mesh | malla f !
finish | acabado m !
led lights, lights | luces f pl
base | base f !
legs | patas f pl !
handle | mango m
lid | tapa f
frame | marco m !
wheels | ruedas f pl
drawer | cajón m
shelves | estantes m pl
jar | tarro m
case | estuche m !
cover | funda f
screen | pantalla f
battery | batería f
cable | cable m
remote control | mando a distancia m
skirt | falda f
pants, trousers | pantalones m pl
compartment | compartimento m
`

// colourTable gives masculine and, where they differ, feminine forms.
const colourTable = `
black | negro negra
white | blanco blanca
grey, gray | gris
dark grey, dark gray | gris oscuro
light grey, light gray | gris claro
red | rojo roja
blue | azul
ocean blue | azul océano
sky blue | azul cielo
light blue | azul claro
dark blue | azul oscuro
navy, navy blue | azul marino
dark navy | azul marino oscuro
green | verde
olive green, olive | verde oliva
dark green | verde oscuro
light green | verde claro
yellow | amarillo amarilla
orange | naranja
pink | rosa
purple | morado morada
brown | marrón
beige | beis
cream | crema
ivory | marfil
turquoise | turquesa
gold, golden | dorado dorada
silver | plateado plateada
multicoloured, multicolored, multicolour, multicolor | multicolor
`

// materialTable are what things are made of.
const materialTable = `
cotton | algodón
wool | lana
wool blend | mezcla de lana
silk | seda
linen | lino
leather | cuero
suede | ante
denim | tejido vaquero
dark denim | tejido vaquero oscuro
polyester | poliéster
nylon | nailon
fleece | forro polar
velvet | terciopelo
cashmere | cachemira
flannel | franela
canvas | lona
wood, wooden | madera
oak | roble
pine | pino
bamboo | bambú
metal | metal
steel | acero
stainless steel | acero inoxidable
iron | hierro
copper | cobre
brass | latón
aluminium, aluminum | aluminio
glass | vidrio
ceramic | cerámica
clay | barro
porcelain | porcelana
stone | piedra
marble | mármol
cardboard | cartón
paper | papel
plastic | plástico
rubber | goma
silicone | silicona
wicker | mimbre
rattan | ratán
`

// adjectiveTable gives masculine and, where they differ, feminine singular; a form after "=" or
// "+" never changes, and underscores in it stand for spaces. "+" stands right after the noun: "sofá de dos plazas cómodo".
const adjectiveTable = `
narrow | estrecho estrecha
wide | ancho ancha
long | largo larga
short | corto corta
small | pequeño pequeña
large, big | grande
thick | grueso gruesa
padded | acolchado acolchada
lightweight, light-weight | ligero ligera
thin | fino fina
soft | suave
loose | holgado holgada
low dropped, dropped | caído caída
comfortable | cómodo cómoda
stylish, ultra-stylish | elegante
classic | clásico clásica
casual | informal
antique | antiguo antigua
adjustable | ajustable
waterproof | impermeable
biodegradable | biodegradable
striped | =de_rayas
floral | =de_flores
chequered, checkered, plaid, checked | =de_cuadros
zipped, zip | =con_cremallera
buttoned, button | =con_botones
buckle | =con_hebilla
knitted | +de_punto
varsity | universitario universitaria
sporty, sports | deportivo deportiva
sleeveless | =sin_mangas
outdoor | +de_exterior
indoor | +de_interior
garden | +de_jardín
folding, foldable | plegable
portable | portátil
wireless | inalámbrico inalámbrica
rechargeable | recargable
round | redondo redonda
square | cuadrado cuadrada
four seater, four-seater, 4 seater | +de_cuatro_plazas
three seater, three-seater, 3 seater | +de_tres_plazas
two seater, two-seater, 2 seater | +de_dos_plazas
embroidered | bordado bordada
ripped | rasgado rasgada
rounded | redondeado redondeada
marbled | jaspeado jaspeada
dark | oscuro oscura
water-repellent | =repelente_al_agua
vanilla | +de_vainilla
long-sleeved, long sleeved, long sleeve | =de_manga_larga
short-sleeved, short sleeved, short sleeve | =de_manga_corta
aquatic | acuático acuática
tiled | =de_mosaico
kaleidoscope | caleidoscópico caleidoscópica
number | =de_números
winter | +de_invierno
summer | +de_verano
`

// placeTable are adjectives that say where a part is or what it goes with; they tell nothing of a whole product.
const placeTable = `
chest | =en_el_pecho
front | delantero delantera
back, rear | trasero trasera
side | lateral
inner, inside | interior
outer | exterior
matching | =a_juego
`

// attributeTable are names of attributes and options, as people read them.
const attributeTable = `
color, colour | color
material | material
weight | peso
style | estilo
capacity | capacidad
volume | volumen
width | ancho
height | alto
length | largo
depth | fondo
diameter | diámetro
dimensions | medidas
model | modelo
gender | género
age group | edad
pattern | estampado
scent | aroma
flavor, flavour | sabor
warranty | garantía
care, care instructions | cuidados
finish | acabado
shape | forma
power | potencia
voltage | voltaje
storage | almacenamiento
memory | memoria
screen size | tamaño de pantalla
pieces | piezas
fit | corte
origin, country of origin, made in | origen
type | tipo
condition | estado
season | temporada
`

// valueTable are common values of options and attributes, and names of departments.
const valueTable = `
small | pequeño
medium | mediano
large | grande
extra large | extragrande
regular | normal
one size | talla única
new | nuevo
yes | sí
no | no
indoor | interior
outdoor | exterior
home | hogar
garden | jardín
kitchen | cocina
bedroom | dormitorio
bathroom | baño
living room | salón
office | oficina
plants | plantas
toys | juguetes
sports | deportes
clothing, apparel | ropa
shoes | calzado
accessories | accesorios
electronics | electrónica
furniture | muebles
lighting | iluminación
machine wash cold | lavar a máquina en frío
machine washable | apto para lavadora
hand wash | lavar a mano
`

// audienceTable are whom a product is for, as they stand after "for" and "para".
const audienceTable = `
men, mens, men's, man, mans, male | hombre
women, womens, women's, woman, womans, female, ladies | mujer
kids, children, kid's, children's | niños
girls, girl's | niñas
boys, boy's | niños
unisex | hombre y mujer
`
