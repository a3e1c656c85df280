using System.CommandLine;
using InferenceServer.LoadGenerator.Commands;

var root = new RootCommand("A closed-loop load tool for inference servers: every connection sends its next request when the last answer is read.")
{
    RunCommand.Create(),
    CompareCommand.Create(),
    PairsCommand.Create(),
    FloorCommand.Create(),
    GrowthCommand.Create(),
    LoadsCommand.Create(),
    PerceptronCommand.Create(),
    EncoderCommand.Create(),
    RecordCommand.Create(),
    EchoCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
