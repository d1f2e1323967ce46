package e2e_test

import (
	"fmt"
	"strings"
)

// What tests read of things, and as what.
const (
	balanceFields    = "version available spendable reserved consumedToday dailyLimit remainingToday status"
	generationFields = `id status operation reserved captured released progress productName product { id } actor { id }
		parts { part status tokens provider text failure error images { url provider } prices { seller provider } }`
	batchFields = "id status total succeeded partiallySucceeded failed cancelled reserved captured released progress"
	errorFields = `__typename code message path
		... on ConflictError { conflictsWith { id } } ... on ImportError { line column }
		... on InsufficientTokensError { required available shortBy }`
)

type balance struct {
	Version, Available, Spendable, Reserved, ConsumedToday, DailyLimit, RemainingToday int64
	Status                                                                             string
}

type generation struct {
	ID, Status, Operation, ProductName string
	Reserved, Captured, Released       int64
	Progress                           float64
	Product, Actor                     *struct{ ID string }
	Parts                              []part
}

type part struct {
	Part, Status, Provider, Text, Failure, Error string
	Tokens                                       int64
	Images                                       []struct{ URL, Provider string }
	Prices                                       []struct{ Seller, Provider string }
}

type batch struct {
	ID, Status                                                                            string
	Total, Succeeded, PartiallySucceeded, Failed, Cancelled, Reserved, Captured, Released int64
	Progress                                                                              float64
}

type userError struct {
	Type                         string `json:"__typename"`
	Code, Message, Column        string
	Path                         []string
	Line                         int
	ConflictsWith                *struct{ ID string }
	Required, Available, ShortBy int64
}

func (g generation) finished() bool {
	return g.Status != "QUEUED" && g.Status != "RUNNING"
}

func (b batch) finished() bool { return b.Status != "QUEUED" && b.Status != "RUNNING" }

// password is that of every account that the tests sign up.
const password = "a horse, a battery"

// The platform administrator of processes that are started with the settings of administration.
const (
	adminEmail    = "root@example.com"
	adminPassword = "correct horse battery"
)

// administration is the settings that make the platform administrator.
func administration() []string {
	return []string{"ADMIN_EMAIL=" + adminEmail, "ADMIN_PASSWORD=" + adminPassword}
}

// user is somebody who is signed in.
type user struct {
	*client
	id, email string
	team      string // the first that the user is a member of
}

const viewerFields = "viewer { id memberships { team { id } } } token userErrors { " + errorFields + " }"

type signedIn struct {
	Viewer *struct {
		ID          string
		Memberships []struct{ Team struct{ ID string } }
	}
	Token      string
	UserErrors []userError
}

// signUp makes an account with a team of its own, or, with an invitation's token, in another's team.
func (p *process) signUp(name, invitation string) *user {
	p.t.Helper()
	fields := vars{"email": strings.ToLower(name) + "@example.com", "password": password, "name": name}
	if invitation == "" {
		fields["teamName"] = name + "'s team"
	} else {
		fields["invitationToken"] = invitation
	}
	c := p.anonymous()
	signed := ask[struct{ SignUp signedIn }](c, "mutation($input: SignUpInput!) { signUp(input: $input) { "+viewerFields+" } }", input(fields))
	return c.as(fields["email"].(string), signed.SignUp)
}

// signIn signs somebody in who has an account.
func (p *process) signIn(email, password string) *user {
	p.t.Helper()
	c := p.anonymous()
	signed := ask[struct{ SignIn signedIn }](c, "mutation($input: SignInInput!) { signIn(input: $input) { "+viewerFields+" } }",
		input(vars{"email": email, "password": password}))
	return c.as(email, signed.SignIn)
}

func (p *process) administrator() *user {
	p.t.Helper()
	return p.signIn(adminEmail, adminPassword)
}

func (c *client) as(email string, signed signedIn) *user {
	c.t.Helper()
	if signed.Viewer == nil {
		c.t.Fatalf("%s is not signed in: %+v", email, signed.UserErrors)
	}
	c.token = signed.Token
	u := &user{client: c, id: signed.Viewer.ID, email: email}
	if len(signed.Viewer.Memberships) > 0 {
		u.team = signed.Viewer.Memberships[0].Team.ID
	}
	return u
}

// at is the same user, with the same session, at another process.
func (u *user) at(p *process) *user {
	moved := *u
	moved.client = p.anonymous()
	moved.client.token = u.token
	return &moved
}

// invite makes an invitation to the user's team and returns the token of its link.
func (u *user) invite(email, role string) string {
	u.t.Helper()
	invited := ask[struct {
		InviteMember struct {
			AcceptURL, Token string
			UserErrors       []userError
		}
	}](u.client, "mutation($input: InviteMemberInput!) { inviteMember(input: $input) { acceptUrl token userErrors { "+errorFields+" } } }",
		input(vars{"teamId": u.team, "email": email, "role": role})).InviteMember
	if len(invited.UserErrors) > 0 || !strings.Contains(invited.AcceptURL, invited.Token) {
		u.t.Fatalf("invite %s: %+v", email, invited)
	}
	return invited.Token
}

// createProduct makes a product of the user's team and returns its id.
func (u *user) createProduct(name string) string {
	u.t.Helper()
	created := ask[struct {
		CreateProduct struct {
			Product    *struct{ ID string }
			UserErrors []userError
		}
	}](u.client, "mutation($input: CreateProductInput!) { createProduct(input: $input) { product { id } userErrors { "+errorFields+" } } }",
		input(vars{
			"teamId": u.team, "name": name, "brand": "Skerry", "category": "Tents",
			"attributes": []vars{{"name": "Colour", "value": "blue"}, {"name": "Material", "value": "linen"}},
		})).CreateProduct
	if created.Product == nil {
		u.t.Fatalf("create %s: %+v", name, created.UserErrors)
	}
	return created.Product.ID
}

// createProducts makes n products.
func (u *user) createProducts(n int) []string {
	u.t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = u.createProduct(fmt.Sprintf("Tent %d", i+1))
	}
	return ids
}

// generated is the answer to an operation on a product.
type generated struct {
	Generation *generation
	Balance    *balance
	UserErrors []userError
}

// The mutations that run an operation on a product.
const (
	generateAll        = "mutation($input: GenerateInput!) { run: generateAll(input: $input)" + generatedSelection
	searchImages       = "mutation($input: GenerateInput!) { run: searchImages(input: $input)" + generatedSelection
	generatedSelection = " { generation { " + generationFields + " } balance { " + balanceFields + " } userErrors { " + errorFields + " } } }"
)

// generate runs Generate all on a product.
func (u *user) generate(product, key string) generated {
	u.t.Helper()
	return u.generateWith(vars{"productId": product, "idempotencyKey": key})
}

func (u *user) generateWith(fields vars) generated {
	u.t.Helper()
	return ask[struct{ Run generated }](u.client, generateAll, input(fields)).Run
}

// search runs the cheapest operation on a product.
func (u *user) search(product, key string) generated {
	u.t.Helper()
	return ask[struct{ Run generated }](u.client, searchImages, input(vars{"productId": product, "idempotencyKey": key})).Run
}

// readGeneration reads a generation.
func (u *user) readGeneration(id string) generation {
	u.t.Helper()
	return ask[struct{ Generation generation }](u.client,
		"query($id: ID!) { generation(id: $id) { "+generationFields+" } }", vars{"id": id}).Generation
}

// readBalance reads the balance of a team.
func (u *user) readBalance(team string) balance {
	u.t.Helper()
	return ask[struct{ Team struct{ Balance balance } }](u.client,
		"query($id: ID!) { team(id: $id) { balance { "+balanceFields+" } } }", vars{"id": team}).Team.Balance
}

// balanceEvent is one of watchBalance.
type balanceEvent struct{ BalanceChanged balance }

const balanceChanged = "subscription($teamId: ID!) { balanceChanged(teamId: $teamId) { " + balanceFields + " } }"

// watchBalance subscribes to the balance of a team.
func (u *user) watchBalance(team string) *stream {
	u.t.Helper()
	return u.watch(balanceChanged, vars{"teamId": team})
}

// generationEvent is one of watchGeneration.
type generationEvent struct{ GenerationProgress generation }

// watchGeneration subscribes to a generation.
func (u *user) watchGeneration(id string) *stream {
	u.t.Helper()
	return u.watch("subscription($id: ID!) { generationProgress(id: $id) { "+generationFields+" } }", vars{"id": id})
}

// awaitFinished waits until a generation is finished and returns it.
func (u *user) awaitFinished(id string) (finished generation) {
	u.t.Helper()
	await(u.t, "generation "+id+" is finished", func() bool {
		finished = u.readGeneration(id)
		return finished.finished()
	})
	return finished
}

// grant gives tokens to a team, as the platform administrator.
func (u *user) grant(team string, tokens int64, key string) balance {
	u.t.Helper()
	granted := ask[struct{ GrantTokens generated }](u.client,
		"mutation($input: GrantTokensInput!) { grantTokens(input: $input) { balance { "+balanceFields+" } userErrors { "+errorFields+" } } }",
		input(vars{"teamId": team, "tokens": tokens, "source": "GIFT", "note": "for a test", "idempotencyKey": key})).GrantTokens
	if granted.Balance == nil {
		u.t.Fatalf("grant %d tokens: %+v", tokens, granted.UserErrors)
	}
	return *granted.Balance
}

// allow sets what a team may use a day, -1 for no limit, as the platform administrator.
func (u *user) allow(team string, limit int64) {
	u.t.Helper()
	set := ask[struct {
		SetTeamPlan struct{ UserErrors []userError }
	}](u.client,
		"mutation($input: TeamPlanInput!) { setTeamPlan(input: $input) { userErrors { "+errorFields+" } } }",
		input(vars{"teamId": team, "plan": "ENTERPRISE", "dailyLimit": limit})).SetTeamPlan
	if len(set.UserErrors) > 0 {
		u.t.Fatalf("set the limit to %d: %+v", limit, set.UserErrors)
	}
}
