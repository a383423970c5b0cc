// Serves the families and series of a description by client_golang, for tests/bench/bench_go.py.
//
// It reads the description, a line of JSON, from its stdin, prints its port, and then for each further line the CPU
// seconds that it has used, those of the updates between scrapes left out. It ends with its stdin.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type description struct {
	Native   bool     `json:"native"`
	Families []family `json:"families"`
}

type family struct {
	Name      string    `json:"name"`
	Help      string    `json:"help"`
	Type      string    `json:"type"`
	Labels    []string  `json:"labels"`
	Bounds    []float64 `json:"bounds"`
	Quantiles []float64 `json:"quantiles"`
	Exemplars bool      `json:"exemplars"`
	Series    []series  `json:"series"`
}

// What a series shows at first, and what a task's life adds to it.
type series struct {
	Labels   []string      `json:"labels"`
	Value    float64       `json:"value"`
	Growth   float64       `json:"growth"`
	Observed []observation `json:"observed"`
	Observes []observation `json:"observes"`
}

type observation struct {
	Value float64 `json:"value"`
	Times int     `json:"times"`
}

// The numbers of Linux's clocks of CPU time, which the syscall package does not name.
const (
	processClock = 2
	threadClock  = 3
)

func cpuSeconds(clock uintptr) float64 {
	var now syscall.Timespec
	_, _, failed := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&now)), 0)
	if failed != 0 {
		log.Fatal(failed)
	}
	return float64(now.Nano()) / 1e9
}

// A service whose updates are what a task's life moves.
type service struct {
	mutex   sync.Mutex
	updates []func()
	seconds float64
}

func (s *service) live() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := cpuSeconds(threadClock)
	for _, update := range s.updates {
		update()
	}
	s.seconds += cpuSeconds(threadClock) - began
}

func (s *service) lived() float64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.seconds
}

func (s *service) add(registry *prometheus.Registry, one family, native bool) {
	switch one.Type {
	case "counter":
		vector := prometheus.NewCounterVec(prometheus.CounterOpts{Name: one.Name, Help: one.Help}, one.Labels)
		registry.MustRegister(vector)
		for _, each := range one.Series {
			counter, growth := vector.WithLabelValues(each.Labels...), each.Growth
			counter.Add(each.Value)
			if growth > 0 {
				s.updates = append(s.updates, func() { counter.Add(growth) })
			}
		}
	case "gauge":
		vector := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: one.Name, Help: one.Help}, one.Labels)
		registry.MustRegister(vector)
		for _, each := range one.Series {
			gauge, growth := vector.WithLabelValues(each.Labels...), each.Growth
			gauge.Set(each.Value)
			if growth != 0 {
				s.updates = append(s.updates, func() { gauge.Add(growth) })
			}
		}
	case "histogram":
		options := prometheus.HistogramOpts{Name: one.Name, Help: one.Help, Buckets: one.Bounds}
		if native {
			options.NativeHistogramBucketFactor = 1.1
		}
		vector := prometheus.NewHistogramVec(options, one.Labels)
		registry.MustRegister(vector)
		for _, each := range one.Series {
			s.observe(vector.WithLabelValues(each.Labels...), each, one.Exemplars)
		}
	case "summary":
		objectives := map[float64]float64{}
		for _, quantile := range one.Quantiles {
			objectives[quantile] = 0.01
		}
		options := prometheus.SummaryOpts{Name: one.Name, Help: one.Help, Objectives: objectives}
		vector := prometheus.NewSummaryVec(options, one.Labels)
		registry.MustRegister(vector)
		for _, each := range one.Series {
			s.observe(vector.WithLabelValues(each.Labels...), each, false)
		}
	default:
		log.Fatalf("%s is of type %q, which is not known here", one.Name, one.Type)
	}
}

func (s *service) observe(observer prometheus.Observer, one series, exemplars bool) {
	for _, past := range one.Observed {
		for count := 0; count < past.Times; count++ {
			observer.Observe(past.Value)
		}
	}
	for _, each := range one.Observes {
		value := each.Value
		update := func() { observer.Observe(value) }
		if exemplars {
			exemplar := prometheus.Labels{"task_id": "00000000000000000000000000001388"}
			update = func() { observer.(prometheus.ExemplarObserver).ObserveWithExemplar(value, exemplar) }
		}
		for count := 0; count < each.Times; count++ {
			s.updates = append(s.updates, update)
		}
	}
}

func main() {
	input := bufio.NewReader(os.Stdin)
	line, err := input.ReadBytes('\n')
	if err != nil {
		log.Fatal(err)
	}
	var page description
	if err := json.Unmarshal(line, &page); err != nil {
		log.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	living := &service{}
	for _, one := range page.Families {
		living.add(registry, one, page.Native)
	}
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
	http.HandleFunc("/metrics", func(writer http.ResponseWriter, request *http.Request) {
		living.live()
		metrics.ServeHTTP(writer, request)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(listener, nil)) }()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for lines := bufio.NewScanner(input); lines.Scan(); {
		fmt.Println(cpuSeconds(processClock) - living.lived())
	}
}
