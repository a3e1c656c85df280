using BenchmarkDotNet.Running;
using InferenceServer.Microbenchmarks.Reports;
using InferenceServer.Microbenchmarks.Suites;

const string Long = "--long";
BenchmarkSwitcher.FromAssembly(typeof(Suite).Assembly).Run([.. args.Where(static arg => arg != Long)], MicrobenchmarkConfig.Create(isLong: args.Contains(Long)));
