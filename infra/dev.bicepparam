using 'main.bicep'

param name = 'filesure'
param stage = 'dev'
param nodeSize = 'Standard_D4s_v5'
param nodesMin = 1
param nodesMax = 3
param mongodb = 'documentdb'
param mongodbTier = 'M10'
param managedMonitoring = false
// make azure-up sets these two.
param mongodbPassword = readEnvironmentVariable('MONGODB_PASSWORD', '')
param administratorId = readEnvironmentVariable('ADMINISTRATOR_ID')
