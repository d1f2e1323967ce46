package ledger

import "productgenerator/models"

// consumptionKey is what captured parts are added up by.
type consumptionKey struct {
	day       models.Date
	user      models.UserID
	product   models.ProductID
	operation models.Operation
	part      models.Part
}

// consumed is what was captured.
type consumed struct {
	tokens      models.Tokens
	parts       int64
	generations int64 // those of which it was the first captured part
}

// consume counts a part that is about to be captured for the reports. It belongs to the day of its reservation.
func (a *Account) consume(reservation *models.Reservation, part *models.ReservedPart) {
	key := consumptionKey{reservation.Day, reservation.ActorID, reservation.ProductID, reservation.Operation, part.Part}
	sum := a.posted.consumed[key]
	sum.tokens += part.Tokens
	sum.parts++
	if reservation.Captured == 0 {
		sum.generations++
	}
	a.posted.consumed[key] = sum
}

// consumption is what the account's captures add to the reports, by part.
func (a *Account) consumption() (rows []models.Consumption) {
	places := map[consumptionKey]int{}
	for key, sum := range a.posted.consumed {
		key.product = ""
		place, known := places[key]
		if !known {
			place = len(rows)
			places[key] = place
			rows = append(rows, models.Consumption{
				TeamID: a.Team(), Day: key.day, UserID: key.user, Operation: key.operation, Part: key.part,
			})
		}
		rows[place].Tokens += sum.tokens
		rows[place].Parts += sum.parts
		rows[place].Generations += sum.generations
	}
	return rows
}

// productConsumption is what the account's captures add to the reports, by product.
func (a *Account) productConsumption() (rows []models.ProductConsumption) {
	places := map[consumptionKey]int{}
	for key, sum := range a.posted.consumed {
		key.part = ""
		place, known := places[key]
		if !known {
			place = len(rows)
			places[key] = place
			rows = append(rows, models.ProductConsumption{
				TeamID: a.Team(), Day: key.day, ProductID: key.product, UserID: key.user, Operation: key.operation,
			})
		}
		rows[place].Tokens += sum.tokens
		rows[place].Generations += sum.generations
	}
	return rows
}
