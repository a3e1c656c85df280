using Xunit.Sdk;
using Xunit.v3;

// The batching cases count on what arrives when: nothing runs beside them.
[assembly: Parallelization(Mode = ParallelMode.None)]
