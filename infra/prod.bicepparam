using 'main.bicep'

param name = 'filesure'
param stage = 'prod'
param nodeSize = 'Standard_D8s_v5'
param nodesMin = 3
param nodesMax = 8
param mongodb = 'documentdb'
param mongodbTier = 'M40'
param managedMonitoring = false
// make azure-up sets these two.
param mongodbPassword = readEnvironmentVariable('MONGODB_PASSWORD', '')
param administratorId = readEnvironmentVariable('ADMINISTRATOR_ID')
